import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompileErrors } from '#engine/engine.ts';
import { requisiteKinds } from '#engine/keywords.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import type { Outcome } from '#wire/outcome.ts';
import { outcomesOf, start } from '../cases/harness.ts';
import { many, pick, type Random, randomFrom, seeds } from './random.ts';
import { fewNames, fileOf, type Names, namesOfItsOwn, randomGiven, randomWish, tree, type Wish } from './states.ts';

/**
 * Not those that toss a coin, and not those whose plan pretends that they succeed, as Salt's does. Of commands those that
 * make one file. None that is about all there is, when others work beside it.
 */
const states = [...registry.states.keys()].filter(
  (name) => !/^(test\.(fail_with_changes|configurable_test_state)|cmd\.(?!run$).*|pkg\.uptodate)$/.test(name),
) as [string, ...string[]];

// States that work on the same few things in a row, and states that work beside each other.
for (const { path, names, count } of [
  { path: 'web.sls', names: () => fewNames, count: 8 },
  { path: 'web.zy', names: namesOfItsOwn, count: 6 },
]) {
  test(`what a plan of ${path} says is what the run then does`, async () => {
    const seen = { told: 0, untold: 0 };
    for (const seed of seeds(150)) {
      const random = randomFrom(seed);
      const all = Array.from({ length: count }, (_, index) => names(index));
      const given = randomGiven(random, all);
      const wishes = randomStates(random, all);
      const files = { [path]: fileOf(wishes), ...tree };
      const options = {
        machine: fakeMachine(given),
        scope: { settings: given.settings ?? {}, facts: given.facts ?? {} },
      };
      const before = options.machine.snapshot();

      const planned = await outcomes(files, { ...options, test: true });
      assert.deepEqual(options.machine.snapshot(), before, `seed ${seed}: a plan changes nothing`);
      const applied = await outcomes(files, options);

      // Nobody foresees that a command fails, or that new lists lack a package too, or which of two
      // users beside each other gets the id that both want, nor what becomes of what waits for it.
      if (applied.some((run, index) => failsUnforeseen(run, planned[index]))) continue;
      const untold = new Set(planned.filter(({ result }) => result === 'cannot-tell').map(({ id }) => id));
      for (const [index, plan] of planned.entries()) {
        const run = applied[index];
        seen[plan.result === 'cannot-tell' ? 'untold' : 'told']++;
        if (run === undefined || agree(plan, run) || isIdleAnyway(plan, run, untold)) continue;
        assert.fail(`seed ${seed}: ${JSON.stringify({ plan, run, wishes, given }, null, 1)}`);
      }
    }
    assert.ok(seen.untold < seen.told / 5, JSON.stringify(seen));
  });
}

function failsUnforeseen({ state, result, error }: Outcome, plan: Outcome | undefined): boolean {
  if (result === 'failed' && plan?.result === 'cannot-tell') return true;
  return (
    result === 'failed' &&
    (state === 'cmd.run' ||
      /^(CHECK_REFUSED|COMMAND_UNKNOWN|PACKAGE_(VERSION_)?UNKNOWN|(USER|GROUP)_ID_TAKEN)$/.test(error?.code ?? ''))
  );
}

function agree(plan: Outcome, run: Outcome): boolean {
  if (plan.id !== run.id) return false;
  // What a `prereq` looked at ahead, and a failure then kept from being applied, is told as the plan that it was.
  if (plan.comment?.startsWith('Not applied') && plan.comment === run.comment) return true;
  if (plan.result === 'cannot-tell') return (plan.because ?? []).length > 0;
  const expected = plan.result === 'would-change' ? 'changed' : plan.result;
  if (expected !== run.result || plan.skipReason !== run.skipReason) return false;
  if (run.result === 'failed') return plan.error?.code === run.error?.code;
  return Boolean(plan.refreshed) === Boolean(run.refreshed) && sameFields(plan, run);
}

/** What had nothing to do was not even looked at, because a step of which the plan could not tell changed nothing. */
function isIdleAnyway(plan: Outcome, run: Outcome, untold: ReadonlySet<string>): boolean {
  return plan.result === 'unchanged' && run.result === 'skipped' && (run.because ?? []).some((id) => untold.has(id));
}

function sameFields(plan: Outcome, run: Outcome): boolean {
  const fields = ({ changes = {} }: Outcome) => Object.keys(changes).toSorted().join();
  return fields(plan) === fields(run);
}

function randomStates(random: Random, all: readonly Names[]): readonly Wish[] {
  const kinds = [...requisiteKinds, 'listen', 'watch_in', 'require_in'] as const;
  return all.map((names, index) => {
    const { id, state, args } = randomWish(random, `wish ${index}`, { names, state: pick(random, states) });
    const targets = many(random, 1, () => ({ [pick(random, kinds)]: [{ id: `wish ${random(Math.max(1, index))}` }] }));
    return { id, state, args: Object.assign({}, args, ...targets) };
  });
}

async function outcomes(files: Readonly<Record<string, string>>, options: Parameters<typeof start>[1]) {
  try {
    return await outcomesOf(start(files, options));
  } catch (error) {
    // A circle, or a requisite on itself.
    if (error instanceof CompileErrors) return [];
    throw error;
  }
}
