import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Machine } from '#machine/machine.ts';
import { packagesContract } from '#machine/packages/contract.ts';
import { type Host, throwAwayHost } from './host.ts';
import { hostMachine } from './machine.ts';
import { skipReason } from './probe.ts';
import { type DebPackage, debRepository } from './repository.ts';

const skip = await skipReason('plain', !fs.existsSync('/usr/bin/apt-get') && 'this machine has no apt');

const offered: readonly DebPackage[] = [
  { name: 'zt-plain', version: '1.0' },
  { name: 'zt-plain', version: '2.0' },
  { name: 'zt-other', version: '1.0' },
  { name: 'zt-dep', version: '1.0', depends: 'zt-plain (>= 1.0)' },
  { name: 'zt-conf', version: '1.0', files: { '/etc/zt.conf': 'a=1\n' }, conffiles: ['/etc/zt.conf'] },
  { name: 'zt-file', version: '1.0' },
];

packagesContract(
  'apt, on a copy of this machine',
  async () => {
    const host = await throwAwayHost({ name: 'apt' });
    const folder = await debRepository(host, offered);
    return {
      packages: hostMachine(host).packages,
      version: (written) => written,
      file: `${folder}/zt-file_1.0.deb`,
      keepsConfiguration: true,
      [Symbol.asyncDispose]: () => host.kill(),
    };
  },
  { skip },
);

describe('apt', { skip }, () => {
  let host: Host;
  let machine: Machine;
  before(async () => {
    host = await throwAwayHost({ name: 'apt-more' });
    machine = hostMachine(host);
    const conf = (version: string) => ({
      name: 'zt-conf',
      version,
      files: { '/etc/zt.conf': `version=${version}\n` },
      conffiles: ['/etc/zt.conf'],
    });
    await debRepository(host, [
      conf('1.0'),
      conf('2.0'),
      { name: 'zt-fail', version: '1.0', scripts: { postinst: '#!/bin/sh\necho it broke >&2\nexit 1\n' } },
      { name: 'zt-real', version: '3.0', provides: 'zt-virtual' },
    ]);
  });
  after(async () => host.kill());

  test('lists that were never fetched are fetched for an install', async () => {
    await machine.packages.install([{ name: 'zt-real' }]);

    assert.equal(machine.packages.provider, 'apt');
    assert.deepEqual(await machine.packages.installed(['zt-real']), new Map([['zt-real', '3.0']]));
  });

  test('a virtual package is there when something provides it', async () => {
    assert.deepEqual(await machine.packages.installed(['zt-virtual']), new Map([['zt-virtual', '3.0']]));
  });

  test('an upgrade keeps configuration that was changed, and asks nobody', async () => {
    await machine.packages.install([{ name: 'zt-conf', version: '1.0' }]);
    fs.writeFileSync(join(host.root, 'etc/zt.conf'), 'mine\n');
    await machine.packages.install([{ name: 'zt-conf' }]);

    assert.equal(fs.readFileSync(join(host.root, 'etc/zt.conf'), 'utf8'), 'mine\n');
    assert.deepEqual(await machine.packages.installed(['zt-conf']), new Map([['zt-conf', '2.0']]));
  });

  test('a package whose script fails says what the script said', async () => {
    const error = await machine.packages.install([{ name: 'zt-fail' }]).catch((thrown: unknown) => thrown);

    assert.ok(error instanceof Error && 'code' in error && 'details' in error);
    assert.equal(error.code, 'PACKAGE_FAILED');
    assert.match(JSON.stringify(error.details), /it broke/);
    await machine.packages.remove(['zt-fail'], { purge: true });
  });

  test('an installation that was interrupted is finished first', async () => {
    fs.writeFileSync(
      join(host.root, 'var/lib/dpkg/updates/0001'),
      'Package: zt-real\nStatus: install ok unpacked\nVersion: 3.0\nArchitecture: all\nMaintainer: Zester <test@example.invalid>\nProvides: zt-virtual\nDescription: a package for tests\n',
    );
    await machine.packages.install([{ name: 'zt-conf', version: '1.0' }]);

    assert.deepEqual(await machine.packages.installed(['zt-conf']), new Map([['zt-conf', '1.0']]));
  });
});
