import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { fakeMachine } from '../fake.ts';
import type { GivenCommand } from '../given.ts';
import { parseShow, parseUnits, statusOf, systemdServices } from './systemd.ts';

const captured = (name: string) => fs.readFileSync(new URL(`systemd/${name}.systemd-252.txt`, import.meta.url), 'utf8');
const systemctl = (line: string) => `systemctl --no-pager --no-ask-password ${line}`;
const show = systemctl(
  'show --property=Id,LoadState,ActiveState,SubState,Type,NRestarts,ExecMainStatus,UnitFileState,NeedDaemonReload,Result,RemainAfterExit --',
);
const noPause = async () => {};

describe('systemd', () => {
  const statuses = [
    ['show-running', { running: true, enabled: true, masked: false }],
    ['show-static', { running: false, enabled: true, masked: false, fixed: true }],
    ['show-masked', { running: false, enabled: false, masked: true }],
  ] as const;
  for (const [name, status] of statuses) {
    test(`${name} is read`, () => {
      assert.deepEqual(statusOf(parseShow(captured(name))), status);
    });
  }

  test('services are listed without templates, other units and what is only mentioned', () => {
    const names = parseUnits(`${captured('list-unit-files')}\n${captured('list-units')}`);

    for (const name of ['cron', 'dbus', 'systemd-journald', 'console-getty']) assert.ok(names.includes(name), name);
    for (const name of ['autovt@', 'display-manager', 'auditd']) assert.ok(!names.includes(name), name);
  });

  test('a unit of another type keeps its type', async () => {
    const machine = fakeMachine({ commands: { [`${show} logrotate.timer`]: { stdout: captured('show-running') } } });

    assert.equal((await systemdServices(machine).find('logrotate.timer'))?.running, true);
  });

  test('a definition that changed is reread before a start', async () => {
    const changed = captured('show-running').replace('NeedDaemonReload=no', 'NeedDaemonReload=yes');
    const machine = fakeMachine({
      commands: {
        [`${show} nginx.service`]: { stdout: changed },
        [systemctl('daemon-reload')]: {
          after: { commands: { [`${show} nginx.service`]: { stdout: captured('show-running') } } },
        },
        [systemctl('restart -- nginx.service')]: {},
      },
    });

    await systemdServices(machine).restart('nginx');

    const verbs = machine.calls.map((line) => line.split(' ')[3]);
    assert.deepEqual(verbs, ['show', 'daemon-reload', 'show', 'restart', 'show']);
  });

  const simple = (active: string, ...others: readonly string[]) =>
    ['LoadState=loaded', 'Type=simple', `ActiveState=${active}`, 'UnitFileState=enabled', ...others].join('\n');
  const start = systemctl('start -- nginx.service');
  const afterStart = (stdout: string) => ({ after: { commands: { [`${show} nginx.service`]: { stdout } } } });

  for (const [what, stdout, message] of [
    ['failed', simple('failed', 'Result=exit-code', 'ExecMainStatus=3'), 'it died a moment later (exit code 3)'],
    [
      'is started anew over and over',
      simple('activating', 'SubState=auto-restart', 'Result=signal'),
      'it died a moment later (signal)',
    ],
  ] as const) {
    test(`a service that ${what} a moment after its start did not start`, async () => {
      const machine = fakeMachine({
        commands: {
          [`${show} nginx.service`]: { stdout: simple('inactive', 'Result=success') },
          [start]: afterStart(stdout),
          'journalctl --no-pager --quiet --lines=20 --output=cat --unit nginx.service': { stdout: 'no such port\n' },
        },
      });

      await assert.rejects(systemdServices(machine, noPause).start('nginx'), (error) => {
        assert.ok(isError(error, 'SERVICE_FAILED'));
        assert.deepEqual(
          [error.message, error.details?.journal],
          [`Cannot start "nginx": ${message}`, 'no such port\n'],
        );
        return true;
      });
    });
  }

  test('a service that cannot tell when it is ready is looked at for a moment, one that can is not', async () => {
    const looksAt = async (type: string) => {
      const running = simple('active').replace('simple', type);
      const machine = fakeMachine({
        commands: { [`${show} nginx.service`]: { stdout: running }, [start]: {} },
      });
      await systemdServices(machine, noPause).start('nginx');
      return machine.calls.filter((line) => line.startsWith(show)).length;
    };

    assert.ok((await looksAt('simple')) > 5);
    assert.equal(await looksAt('notify'), 2);
  });

  test('a unit file that is newer than what systemd has read says whether it is enabled', async () => {
    const machine = fakeMachine({
      commands: {
        [`${show} nginx.service`]: { stdout: captured('show-static').replace('Reload=no', 'Reload=yes') },
        [systemctl('is-enabled -- nginx.service')]: { code: 1, stdout: 'disabled\n' },
      },
    });

    assert.deepEqual(await systemdServices(machine).find('nginx'), { running: false, enabled: false, masked: false });
  });

  test('links are made for the unit itself, not for another name of it', async () => {
    const machine = fakeMachine({
      commands: {
        [`${show} mysql.service`]: { stdout: `Id=mariadb.service\n${simple('active')}` },
        [systemctl('disable -- mariadb.service')]: {},
      },
    });

    await systemdServices(machine).disable('mysql');

    assert.equal(machine.calls.length, 2);
  });

  test('a service that ends without a fault has been started, and does not run', async () => {
    const over = simple('inactive', 'SubState=dead', 'Result=success', 'ExecMainStatus=0');
    const machine = fakeMachine({
      commands: { [`${show} nginx.service`]: { stdout: simple('inactive') }, [start]: afterStart(over) },
    });
    const services = systemdServices(machine, noPause);

    await services.start('nginx');

    assert.equal((await services.find('nginx'))?.running, false);
  });

  test('a start that nobody waits for is not looked at', async () => {
    const machine = fakeMachine({
      commands: {
        [`${show} nginx.service`]: { stdout: simple('inactive') },
        [systemctl('start --no-block -- nginx.service')]: {},
      },
    });

    await systemdServices(machine, noPause).start('nginx', { block: false });

    assert.equal(machine.calls.length, 2);
  });

  test('a oneshot ends, unless it remains', () => {
    const oneshot = 'Type=oneshot\nActiveState=inactive\nLoadState=loaded\nRemainAfterExit=';

    assert.equal(statusOf(parseShow(`${oneshot}no`)).ends, true);
    assert.equal(statusOf(parseShow(`${oneshot}yes`)).ends, undefined);
  });

  test('a service that failed too often is given one more try', async () => {
    const tired = captured('show-running').replace('Result=success', 'Result=start-limit-hit');
    const start = systemctl('start -- nginx.service');
    const refused: GivenCommand = { code: 1, stderr: 'Job for nginx.service failed.' };
    const machine = fakeMachine({
      commands: {
        [`${show} nginx.service`]: { stdout: tired },
        [start]: refused,
        [systemctl('reset-failed -- nginx.service')]: { after: { commands: { [start]: {} } } },
      },
    });

    await systemdServices(machine).start('nginx');

    assert.equal(machine.calls.filter((line) => line === start).length, 2);
  });

  test('a start that fails brings the end of the journal', async () => {
    const machine = fakeMachine({
      commands: {
        [`${show} nginx.service`]: { stdout: captured('show-running') },
        [systemctl('start -- nginx.service')]: { code: 1, stderr: 'Job for nginx.service failed.\nSee "journalctl".' },
        'journalctl --no-pager --quiet --lines=20 --output=cat --unit nginx.service': { stdout: 'bind() failed\n' },
      },
    });

    await assert.rejects(systemdServices(machine).start('nginx'), {
      code: 'SERVICE_FAILED',
      message: 'Cannot start "nginx": Job for nginx.service failed.',
      details: {
        stdout: '',
        stderr: 'Job for nginx.service failed.\nSee "journalctl".',
        exitcode: '1',
        journal: 'bind() failed\n',
      },
    });
  });

  test('an init script, which systemd cannot enable by itself, is enabled by its start links', async () => {
    const generated = captured('show-running').replace('UnitFileState=enabled', 'UnitFileState=generated');
    const given = { commands: { [`${show} old.service`]: { stdout: generated } } };
    const without = fakeMachine({ ...given, files: { '/etc/init.d/old': '' } });
    const withLink = fakeMachine({
      ...given,
      files: { '/etc/init.d/old': '', '/etc/rc3.d/S20old': { link: '../init.d/old' } },
    });

    assert.equal((await systemdServices(without).find('old'))?.enabled, false);
    assert.equal((await systemdServices(withLink).find('old'))?.enabled, true);
  });
});
