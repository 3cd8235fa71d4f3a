import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Services } from '#machine/machine.ts';
import { running } from './states.ts';

describe('a running service, when something it watches changes,', () => {
  test('is restarted', async () => {
    assert.deepEqual(await callsOf({ name: 'nginx' }), ['reread', 'restart nginx']);
  });

  test('is reloaded when that is asked for', async () => {
    assert.deepEqual(await callsOf({ name: 'nginx', reload: true }), ['reread', 'reload nginx']);
  });

  test('is stopped and started when that is asked for', async () => {
    assert.deepEqual(await callsOf({ name: 'nginx', full_restart: true }), ['reread', 'stop nginx', 'start nginx']);
  });
});

test('a service that only starts at boot is not restarted for it', async () => {
  const { calls, context } = watched({ running: true, enabled: false });

  const plan = await build({ name: 'nginx', enable: true }).plan(context);
  await plan.apply();

  assert.deepEqual(calls, ['enable nginx']);
});

describe('a running service that shall only start at boot, when something it watches changes,', () => {
  test('is enabled and restarted', async () => {
    const { calls, context } = watched({ running: true, enabled: false });
    const step = build({ name: 'nginx', enable: true });

    const plan = await step.plan(context);
    await plan.apply();
    if (step.refreshesBeside(plan.changes)) await step.refresh?.(context);

    assert.deepEqual(calls, ['enable nginx', 'reread', 'restart nginx']);
  });

  test('is not restarted when it was only now started', async () => {
    const { context } = watched({ running: false });
    const step = build({ name: 'nginx', enable: true });

    assert.equal(step.refreshesBeside((await step.plan(context)).changes), false);
  });
});

test('an init script that cannot tell whether it runs is asked by its process', async () => {
  const machine = fakeMachine({
    services: { old: { running: false } },
    commands: { 'pgrep --full -- old-daemon': { stdout: '4711\n' } },
  });
  const services: Services = { ...machine.services, provider: 'sysv' };

  const { changes } = await build({ name: 'old', sig: 'old-daemon' }).plan({ ...contextOn(machine), services });

  assert.deepEqual(changes, {});
});

async function callsOf(args: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { calls, context } = watched({ running: true });
  await build(args).refresh?.(context);
  return calls;
}

function build(args: Readonly<Record<string, unknown>>) {
  return running.build(rawArguments(running.args, args));
}

/** A context whose service manager says what it is told. */
function watched(nginx: { readonly running: boolean; readonly enabled?: boolean }) {
  const machine = fakeMachine({ services: { nginx } });
  const calls: string[] = [];
  const told = (verb: 'start' | 'stop' | 'restart' | 'reload' | 'enable') => async (name: string) => {
    calls.push(`${verb} ${name}`);
    await machine.services[verb](name);
  };
  const services: Services = {
    ...machine.services,
    start: told('start'),
    stop: told('stop'),
    restart: told('restart'),
    reload: told('reload'),
    enable: told('enable'),
    reread: async () => void calls.push('reread'),
  };
  return { calls, context: { ...contextOn(machine), services } };
}
