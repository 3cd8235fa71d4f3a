import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeMachine } from '../fake.ts';
import { openrcServices, parseLevels } from './openrc.ts';

// No Debian has OpenRC as its init: these answers follow its documentation (0.52), not a capture.
const levels = '             crond | default\n             nginx | default nonetwork\n          hostname | boot\n';

const noPause = async () => {};

describe('openrc', () => {
  test('run levels are read', () => {
    assert.deepEqual(parseLevels(levels).get('nginx'), ['default', 'nonetwork']);
    assert.equal(parseLevels(levels).get('sshd'), undefined);
  });

  test('a service is its init script, its status and its run levels', async () => {
    const machine = fakeMachine({
      files: { '/etc/init.d/nginx': '', '/etc/init.d/sshd': '' },
      commands: {
        'rc-update show': { stdout: levels },
        'rc-service nginx status': { stdout: ' * status: started\n' },
        'rc-service sshd status': { code: 3, stdout: ' * status: stopped\n' },
      },
    });
    const services = openrcServices(machine);

    assert.deepEqual(await services.find('nginx'), { running: true, enabled: true, masked: false });
    assert.deepEqual(await services.find('sshd.service'), { running: false, enabled: false, masked: false });
    assert.equal(await services.find('none'), undefined);
  });

  test('a crashed service is cleared before it is started', async () => {
    const machine = fakeMachine({
      files: { '/etc/init.d/nginx': '' },
      commands: {
        'rc-service nginx status': { code: 32 },
        'rc-service nginx zap': {},
        'rc-service --ifnotstarted nginx start': { after: { commands: { 'rc-service nginx status': {} } } },
      },
    });

    await openrcServices(machine, noPause).start('nginx');

    assert.deepEqual(machine.calls, [
      'rc-service nginx status',
      'rc-service nginx zap',
      'rc-service --ifnotstarted nginx start',
      'rc-service nginx status',
    ]);
  });

  test('a service that has crashed a moment after its start did not start', async () => {
    const machine = fakeMachine({
      files: { '/etc/init.d/nginx': '' },
      commands: { 'rc-service nginx restart': {}, 'rc-service nginx status': { code: 32 } },
    });

    await assert.rejects(openrcServices(machine, noPause).restart('nginx'), {
      code: 'SERVICE_FAILED',
      message: 'Cannot restart "nginx": it died a moment later',
    });
  });

  test('a service is taken out of every run level', async () => {
    const machine = fakeMachine({
      files: { '/etc/init.d/nginx': '' },
      commands: {
        'rc-update show': { stdout: levels },
        'rc-update del nginx default': {},
        'rc-update del nginx nonetwork': {},
      },
    });

    await openrcServices(machine).disable('nginx');

    assert.deepEqual(machine.calls.slice(1), ['rc-update del nginx default', 'rc-update del nginx nonetwork']);
  });

  test('what it says is in the refusal', async () => {
    const machine = fakeMachine({
      files: { '/etc/init.d/nginx': '' },
      commands: { 'rc-service nginx restart': { code: 1, stderr: ' * ERROR: nginx failed to start\n' } },
    });

    await assert.rejects(openrcServices(machine).restart('nginx'), {
      code: 'SERVICE_FAILED',
      message: 'Cannot restart "nginx": ERROR: nginx failed to start',
    });
    await assert.rejects(openrcServices(machine).start('none'), { code: 'SERVICE_UNKNOWN' });
  });
});
