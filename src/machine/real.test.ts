import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { familyOf } from './family.ts';
import { packageProviders } from './packages/providers.ts';
import { type About, choose } from './provider.ts';
import { realMachine } from './real.ts';
import { serviceProviders } from './services/providers.ts';

const about = (family: string, programs: readonly string[], paths: readonly string[] = []): About => ({
  family,
  has: (program) => programs.includes(program),
  exists: (path) => paths.includes(path),
});

describe('the choice of a provider', () => {
  const packages = [
    ['debian', ['apt-get', 'dpkg-query', 'dnf', 'rpm', 'zypper'], 'apt'],
    ['rhel', ['dnf', 'rpm'], 'dnf'],
    ['rhel', ['yum', 'rpm'], 'dnf'],
    ['suse', ['zypper', 'rpm', 'dnf'], 'zypper'],
    ['alpine', ['apk'], 'apk'],
    ['arch', ['pacman'], 'pacman'],
    ['novel', ['pacman'], 'pacman'],
    ['debian', ['dnf', 'rpm'], undefined],
    ['', [], undefined],
  ] as const;
  for (const [family, programs, provider] of packages) {
    test(`packages on "${family}" with ${programs.join(', ') || 'nothing'}: ${provider ?? 'none'}`, () => {
      assert.equal(choose(packageProviders, about(family, programs))?.name, provider);
    });
  }

  test('services are managed by what runs, not by what is installed', () => {
    const name = (programs: readonly string[], paths: readonly string[]) =>
      choose(serviceProviders, about('debian', programs, paths))?.name;

    assert.equal(name(['systemctl'], ['/run/systemd/system', '/etc/init.d']), 'systemd');
    assert.equal(name(['systemctl'], ['/etc/init.d']), 'sysv');
    assert.equal(name(['rc-service', 'rc-update'], ['/etc/init.d']), 'openrc');
    assert.equal(name([], []), undefined);
  });

  test('a distribution nobody listed belongs to the family it says it is like', () => {
    assert.equal(familyOf({ ID: 'pop', ID_LIKE: 'ubuntu debian' }), 'debian');
    assert.equal(familyOf({ ID: 'nobara', ID_LIKE: 'rhel centos fedora' }), 'rhel');
    assert.equal(familyOf({ ID: 'sles' }), 'suse');
    assert.equal(familyOf({ ID: 'slackware' }), 'slackware');
    assert.equal(familyOf({}), '');
  });
});

describe('a machine in a folder', () => {
  test('has files and a system of its own, and neither packages nor services', async () => {
    const root = await fs.mkdtemp(`${tmpdir()}/zester-root-`);
    await fs.mkdir(`${root}/etc`);
    await fs.writeFile(`${root}/etc/os-release`, 'ID=alpine\nVERSION_ID=3.19.1\n');
    const machine = realMachine({ root });

    assert.deepEqual(await machine.system.release(), { ID: 'alpine', VERSION_ID: '3.19.1' });
    assert.ok((await machine.system.memory()).total > 0);
    assert.equal(machine.packages.provider, 'none');
    assert.equal(machine.services.provider, 'none');
    await assert.rejects(machine.packages.installed(), { code: 'PROVIDER_MISSING' });
    await assert.rejects(machine.services.start('nginx'), { code: 'PROVIDER_MISSING' });
    assert.equal((await machine.commands.run(['pwd'], { cwd: '/etc' })).stdout, `${root}/etc\n`);
    await fs.rm(root, { recursive: true });
  });
});

describe('this machine', () => {
  test('tells of itself what its kernel tells', async () => {
    const { system } = realMachine();

    assert.ok((await system.uptime()) > 0);
    assert.ok((await system.processors()).count > 0);
    assert.ok((await system.mounts()).some(({ mountpoint, total }) => mountpoint === '/' && total > 0));
    assert.ok((await system.interfaces()).some(({ name, addresses }) => name === 'lo' && addresses.length > 0));
    assert.equal((await system.kernel()).name, 'Linux');
    assert.equal((await system.load()).length, 3);
  });
});
