import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { type FakeMachine, fakeMachine } from '#machine/fake.ts';
import { told, withProbes } from '../../test/cases/harness.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { createEngine, type RevertEntry } from './engine.ts';
import { globMatches } from './glob.ts';
import { type StateFunctionContext, stateFunctions } from './state-functions.ts';

const files = {
  'top.zy': "base:\n  'web*': [web, users]\n  'db*': db\n",
  'web.zy':
    '/srv/{{ settings.site }}: {file.managed: {contents: "{{ facts.id }}", makedirs: true}}\nlast: {test.nop: {order: last}}\n',
  'users.zy': 'deploy: {group.present: {gid: 700}}\n',
  'db.zy': 'db: test.nop\n',
};

function contextFor(
  machine: FakeMachine = fakeMachine(),
  more: Partial<StateFunctionContext> = {},
): StateFunctionContext {
  return {
    engine: createEngine({ registry: withProbes, tree: treeOf(files) }),
    machine,
    scope: { id: 'web-01', facts: { id: 'web-01' }, settings: { site: 'shop', deep: { a: 1, b: 2 } } },
    matches: (target) => globMatches(target, 'web-01'),
    ...more,
  };
}

async function call(name: string, args: Readonly<Record<string, unknown>>, context = contextFor()) {
  const answer = await stateFunctions.get(name)?.(args, context);
  assert.ok(answer, name);
  return 'run' in answer ? { report: await answer.run.report() } : { value: answer.value };
}

test('state.apply takes references as a text with commas, a list, or the bare positional', async () => {
  for (const [args, id] of [
    [{ mods: 'users,db' }, undefined],
    [{ mods: ['users', 'db'] }, undefined],
    [{}, 'users, db'],
  ] as const) {
    const { report } = await call('state.apply', args, contextFor(fakeMachine(), { id }));

    assert.deepEqual(told(report?.outcomes ?? []), ['deploy changed', 'db unchanged']);
  }
});

test('state.apply without references is the highstate', async () => {
  const { report } = await call('state.apply', {});

  assert.deepEqual(told(report?.outcomes ?? []), ['/srv/shop changed', 'deploy changed', 'last unchanged']);
});

test('test=True plans, whoever says it', async () => {
  const machine = fakeMachine();
  const before = machine.snapshot();

  for (const name of ['state.apply', 'state.test']) {
    const { report } = await call(name, { mods: 'users', test: 'True' }, contextFor(machine));

    assert.equal(report?.test, true);
    assert.deepEqual(told(report?.outcomes ?? []), ['deploy would-change']);
  }
  assert.deepEqual(machine.snapshot(), before);
});

test('settings given with the job are merged over the own ones', async () => {
  const { report } = await call('state.apply', { mods: 'web', pillar: '{"site": "blog"}' });

  assert.equal(report?.outcomes[0]?.id, '/srv/blog');
});

test('exclude leaves out files and ids', async () => {
  const { report } = await call('state.highstate', { exclude: ['web', { id: 'db' }] });

  assert.deepEqual(told(report?.outcomes ?? []), ['deploy changed']);
});

test("state.single applies one state, with the engine's own arguments", async () => {
  const { report } = await call('state.single', { fun: 'group.present', name: 'ops', gid: '701', unless: 'true' });

  assert.deepEqual(told(report?.outcomes ?? []), ['ops skipped unless_met']);
});

test('state.sls_id applies an id and what it depends on', async () => {
  const { report } = await call('state.sls_id', { id: 'last', mods: 'web,users' });

  assert.deepEqual(told(report?.outcomes ?? []), ['last unchanged']);
});

test('state.show_top, show_sls and show_lowstate show and do nothing', async () => {
  const top = await call('state.show_top', {});
  const sls = await call('state.show_sls', { mods: 'users' });
  const low = await call('state.show_lowstate', {});

  assert.deepEqual(top.value, { base: ['web', 'users'] });
  assert.deepEqual(sls.value, {
    deploy: { group: [{ gid: 700 }, 'present', { order: 10000 }], __sls__: 'users', __env__: 'base' },
  });
  assert.deepEqual(
    (low.value as { __id__: string }[]).map(({ __id__ }) => __id__),
    ['/srv/shop', 'deploy', 'last'],
  );
});

test('a highstate that is nothing is an error', async () => {
  await assert.rejects(call('state.highstate', {}, contextFor(fakeMachine(), { matches: () => false })), (error) =>
    isError(error, 'HIGHSTATE_EMPTY'),
  );
});

test('a misspelt argument is refused with the nearest', async () => {
  await assert.rejects(
    call('state.apply', { mods: 'web', exlude: 'x' }),
    (error) => isError(error, 'ARGUMENT_UNKNOWN') && error.hint === 'Did you mean "exclude"?',
  );
});

test('state.revert puts back what a run changed, last first, and names what it cannot', async () => {
  const machine = fakeMachine();
  const before = machine.snapshot();
  const journal: RevertEntry[] = [];
  const answer = await stateFunctions.get('state.apply')?.({ mods: 'web,users' }, contextFor(machine));
  assert.ok(answer && 'run' in answer);
  for await (const finished of answer.run) if (finished.journal) journal.push(finished.journal);
  journal.push({ id: 'shell', state: 'cmd.run', args: { name: 'true' }, changes: { runs: { from: false, to: true } } });

  const { report } = await call('state.revert', {}, contextFor(machine, { journal: async () => journal }));

  assert.deepEqual(
    report?.outcomes.map(({ id }) => id),
    journal.toReversed().map(({ id }) => id),
  );
  assert.deepEqual(told(report?.outcomes ?? []).toSorted(), ['/srv/shop changed', 'deploy changed', 'shell failed']);
  assert.equal(report?.outcomes[0]?.error?.code, 'REVERT_IMPOSSIBLE');
  assert.deepEqual(machine.snapshot(), before);
});

test('a revert of what nobody kept is refused', async () => {
  await assert.rejects(call('state.revert', { jid: 'x' }), (error) => isError(error, 'JOURNAL_UNKNOWN'));
});
