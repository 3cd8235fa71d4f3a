import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { Numeral } from '#base/numeral.ts';
import { type FakeMachine, fakeMachine } from '#machine/fake.ts';
import { globMatches } from '#pattern/glob.ts';
import { told, withProbes } from '../../test/cases/harness.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { createEngine, type PlannedStep, type RevertEntry } from './engine.ts';
import { type KeptRuns, type StateFunctionContext, stateFunctions } from './state-functions.ts';

const files = {
  'top.zy': "base:\n  'web*': [web, users]\n  'db*': db\n",
  'web.zy':
    '/srv/{{ settings.site }}: {file.managed: {contents: "{{ facts.id }}", makedirs: true}}\nlast: {test.nop: {order: last}}\n',
  'users.zy': 'deploy: {group.present: {gid: 700}}\n',
  'db.zy': 'db: test.nop\n',
};

const scope = { id: 'web-01', facts: { id: 'web-01' }, settings: { site: 'shop', deep: { a: 1, b: 2 } } };

function contextFor(
  machine: FakeMachine = fakeMachine(),
  more: Partial<StateFunctionContext> = {},
): StateFunctionContext {
  return {
    engine: createEngine({ registry: withProbes, tree: treeOf(files) }),
    machine,
    scopeFor: (test) => ({ ...scope, test }),
    matches: (target) => globMatches(target, 'web-01'),
    ...more,
  };
}

async function call(name: string, args: Readonly<Record<string, unknown>>, context = contextFor()) {
  const answer = await stateFunctions.get(name)?.run(args, context);
  assert.ok(answer, name);
  return 'run' in answer ? { report: await answer.run.report() } : { value: answer.value };
}

/** What a machine would remember of one run, and of one plan. */
function keeping({
  entries = [],
  plan,
}: {
  readonly entries?: readonly RevertEntry[];
  readonly plan?: { readonly args: Readonly<Record<string, unknown>>; readonly steps: readonly PlannedStep[] };
}): KeptRuns {
  const run = { jid: 'run-1', function: 'state.apply', at: 0, entries };
  return {
    runs: () => [run],
    run: (jid) => (jid === undefined || jid === 'run-1' ? run : undefined),
    plan: (jid) => (plan && jid === 'plan-1' ? { jid, at: 0, ...plan } : undefined),
  };
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

test('numbers given with the job take the place of the own ones, as they are written', async () => {
  const own = { ...contextFor(), scopeFor: () => ({ ...scope, settings: { site: Numeral.float(3) } }) };

  const { report } = await call('state.apply', { mods: 'web', pillar: '{"site": 4.0}' }, own);

  assert.equal(report?.outcomes[0]?.id, '/srv/4.0');
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
  const answer = await stateFunctions.get('state.apply')?.run({ mods: 'web,users' }, contextFor(machine));
  assert.ok(answer && 'run' in answer);
  for await (const finished of answer.run) if (finished.journal) journal.push(finished.journal);
  journal.push({ id: 'shell', state: 'cmd.run', args: { name: 'true' }, changes: { runs: { from: false, to: true } } });

  const { report } = await call('state.revert', {}, contextFor(machine, { kept: keeping({ entries: journal }) }));

  assert.deepEqual(
    report?.outcomes.map(({ id }) => id),
    journal.toReversed().map(({ id }) => id),
  );
  assert.deepEqual(told(report?.outcomes ?? []).toSorted(), ['/srv/shop changed', 'deploy changed', 'shell failed']);
  assert.equal(report?.outcomes[0]?.error?.code, 'REVERT_IMPOSSIBLE');
  assert.deepEqual(machine.snapshot(), before);
});

test('a revert of what nobody kept is refused', async () => {
  await assert.rejects(call('state.revert', { jid: 'x' }), (error) => isError(error, 'RUN_UNKNOWN'));
});

async function planned(args: Readonly<Record<string, unknown>>, context: StateFunctionContext) {
  const answer = await stateFunctions.get('state.plan')?.run(args, context);
  assert.ok(answer && 'run' in answer);
  const steps: PlannedStep[] = [];
  for await (const finished of answer.run) if (finished.planned) steps.push(finished.planned);
  return { args, steps };
}

test('a plan is applied as it was made', async () => {
  const machine = fakeMachine();
  const plan = await planned({ mods: 'web,users' }, contextFor(machine));

  const { report } = await call('state.apply', { plan: 'plan-1' }, contextFor(machine, { kept: keeping({ plan }) }));

  assert.deepEqual(told(report?.outcomes ?? []), ['/srv/shop changed', 'deploy changed', 'last unchanged']);
});

test('a plan that would do something else by now is refused, and every difference is named', async () => {
  const machine = fakeMachine();
  const before = machine.snapshot();
  const plan = await planned({ mods: 'web,users' }, contextFor(machine));
  const kept = keeping({ plan });
  const changed = { ...files, 'users.zy': 'deploy: {group.present: {gid: 701}}\nops: {group.present: {gid: 702}}\n' };
  const engine = createEngine({ registry: withProbes, tree: treeOf(changed) });

  await assert.rejects(call('state.apply', { plan: 'plan-1' }, contextFor(machine, { kept, engine })), (error) => {
    assert.ok(isError(error, 'PLAN_CHANGED'));
    assert.deepEqual(error.details, {
      'group.present deploy': 'gid: was planned none → 700, now none → 701',
      'group.present ops': 'is new: would-change',
    });
    return true;
  });
  assert.deepEqual(machine.snapshot(), before);
});

test('a step that the others made different since the plan fails before it does anything', async () => {
  const tree = treeOf({
    'web.zy': 'first: {test.succeed_with_changes: []}\ndeploy: {group.present: {gid: 700, require: [first]}}\n',
  });
  const machine = fakeMachine();
  const engine = createEngine({ registry: withProbes, tree });
  const context = contextFor(machine, { engine });
  const plan = await planned({ mods: 'web' }, context);
  const without = plan.steps.map((each) => (each.id === 'deploy' ? { ...each, changes: {} } : each));

  const run = engine.apply(['web'], { machine, scope, planned: without });
  const { outcomes } = await run.report();

  assert.deepEqual(told(outcomes), ['first changed', 'deploy failed']);
  assert.equal(outcomes[1]?.error?.code, 'PLAN_LEFT');
  assert.deepEqual(await machine.groups.find('deploy'), undefined);
});

test('a plan takes no other argument beside it, and an unknown one is refused', async () => {
  const context = contextFor(fakeMachine(), { kept: keeping({}) });

  await assert.rejects(call('state.apply', { plan: 'plan-1', mods: 'web' }, context), (error) =>
    isError(error, 'PLAN_ARGUMENTS'),
  );
  await assert.rejects(call('state.apply', { plan: 'plan-1' }, context), (error) => isError(error, 'PLAN_UNKNOWN'));
});

test('a revert leaves alone what was changed again since, unless it is forced', async () => {
  const machine = fakeMachine();
  const entries: RevertEntry[] = [];
  const answer = await stateFunctions.get('state.apply')?.run({ mods: 'web,users' }, contextFor(machine));
  assert.ok(answer && 'run' in answer);
  for await (const finished of answer.run) if (finished.journal) entries.push(finished.journal);
  await machine.files.write('/srv/shop', new TextEncoder().encode('edited by hand'));
  const context = contextFor(machine, { kept: keeping({ entries }) });

  const { report } = await call('state.revert', {}, context);
  assert.deepEqual(told(report?.outcomes ?? []).toSorted(), ['/srv/shop failed', 'deploy changed']);
  assert.equal(report?.outcomes.find(({ result }) => result === 'failed')?.error?.code, 'REVERT_OVERTAKEN');

  const { report: forced } = await call('state.revert', { force: true }, context);
  assert.equal(forced?.outcomes.find(({ id }) => id === '/srv/shop')?.result, 'changed');
});
