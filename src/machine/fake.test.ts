import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeMachine } from './fake.ts';

describe('a fake machine', () => {
  test('shows every change in its snapshot, and reading is none', async () => {
    const machine = fakeMachine({
      users: { app: { groups: ['www'] } },
      repository: { nginx: '1.0' },
      services: { nginx: {} },
      commands: { 'nginx -t': { code: 1 } },
    });
    const before = machine.snapshot();
    await machine.files.read('/etc/hosts');
    await machine.users.list();
    await machine.commands.run(['nginx', '-t']);
    await machine.packages.available(['nginx']);
    await machine.services.find('nginx');
    assert.deepEqual(machine.snapshot(), before);

    const changes = [
      () => machine.files.setMode('/etc/hosts', 0o600),
      () => machine.files.write('/etc/motd', Uint8Array.of(255)),
      () => machine.users.setPasswordHash('app', '*'),
      () => machine.groups.setMembers('www', []),
      () => machine.packages.install([{ name: 'nginx' }]),
      () => machine.packages.hold(['nginx']),
      () => machine.services.enable('nginx'),
    ];
    let last = before;
    for (const change of changes) {
      await change();
      assert.notDeepEqual(machine.snapshot(), last, String(change));
      last = machine.snapshot();
    }
    assert.equal(last.files['/etc/motd']?.content, 'base64:/w==');
  });

  test('a snapshot is a copy', async () => {
    const machine = fakeMachine();
    const before = machine.snapshot();
    await machine.groups.add('deploy');

    assert.equal(before.groups.deploy, undefined);
  });

  test('a command may leave files behind, and change what another answers', async () => {
    const machine = fakeMachine({
      commands: {
        'sysctl -n vm.swappiness': { stdout: '60\n' },
        'sysctl -w vm.swappiness=10': {
          after: {
            files: { '/etc/sysctl.d/99.conf': 'vm.swappiness = 10\n', '/etc/hosts': null },
            commands: { 'sysctl -n vm.swappiness': { stdout: '10\n' } },
          },
        },
      },
    });
    await machine.commands.run(['sh', '-c', 'sysctl -w vm.swappiness=10']);

    assert.equal((await machine.commands.run(['sysctl', '-n', 'vm.swappiness'])).stdout, '10\n');
    assert.equal((await machine.files.stat('/etc/sysctl.d/99.conf'))?.size, 19);
    assert.equal(await machine.files.stat('/etc/hosts'), undefined);
    assert.equal(machine.calls.length, 2);
  });

  test('a command it was not given does not exist, and the refusal lists those it was', async () => {
    const machine = fakeMachine({ commands: { 'git --version': {} } });

    await assert.rejects(machine.commands.run(['git', 'status']), {
      code: 'COMMAND_UNKNOWN',
      hint: 'This fake machine has no answer for "git status"; it knows "git --version"',
    });
    assert.equal(await machine.commands.which('git'), '/usr/bin/git');
  });

  test('the few programs of guards understand their usual forms', async () => {
    const machine = fakeMachine({ files: { '/etc/app.conf': 'port=80\n', '/srv/link': { link: '/etc/app.conf' } } });
    const code = async (script: string) => (await machine.commands.run(['/bin/sh', '-c', script])).code;

    assert.equal(await code('grep -q port= /etc/app.conf'), 0);
    assert.equal(await code("grep -qx 'port=8' /etc/app.conf"), 1);
    assert.equal(await code('! test -f /etc/no && [ -L /srv/link ] && [ -s /srv/link ]'), 0);
    assert.equal(await code('test -d /etc; exit 3'), 3);
    assert.equal(await code('test "$(cat /x)" = y'), 1);
    assert.equal(await code('touch /tmp/a && echo hi >> /tmp/a && grep hi /tmp/a >/dev/null 2>&1'), 0);
    assert.equal(await code('true || no-such-program'), 0);
  });

  test('a given file of an unknown owner is a mistake in the example', () => {
    assert.throws(() => fakeMachine({ files: { '/a': { content: '', user: 'nobody-here' } } }), TypeError);
  });
});
