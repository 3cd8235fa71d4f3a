import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { CompileErrors } from '#engine/engine.ts';
import { requisiteKinds } from '#engine/keywords.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import type { Context } from '#kit/context.ts';
import type { State } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { outcomesOf, start } from '../cases/harness.ts';
import { hashOf, realFolder } from './folder.ts';
import { many, pick, type Random, randomFrom, seeds } from './random.ts';
import { fewNames, fileOf, namesOfItsOwn, randomGiven, randomWish, tree, type Wish } from './states.ts';

const apart = ['file.accumulated', 'pkg.uptodate'];
const all = [...registry.states.values()];
/**
 * States that have nothing to do where they have been applied. `file.accumulated` only hands lines to others, and what
 * `pkg.uptodate` does is done to the packages of others: a removal of one version finds that version afterwards.
 */
const lasting = all
  .map(({ name }) => name)
  .filter((name) => /^(cmd\.run$|(file|user|group|pkg|service)\.)/.test(name) && !apart.includes(name));
/** States that work on a folder: it has no packages and services, and commands would run outside of it. */
const onFolders = all.filter(({ name }) => /^(file|user|group|test)\./.test(name));

const isRoot = process.getuid?.() === 0;

test('what was applied is not planned again', async () => {
  const changed = new Set<string>();
  for (const seed of seeds(300)) {
    const random = randomFrom(seed);
    const names = Array.from({ length: 5 }, (_, index) => namesOfItsOwn(index));
    const given = randomGiven(random, names);
    const wishes = names.map((own, index) =>
      randomWish(random, `wish ${index}`, { names: own, state: lasting[(seed * 5 + index) % lasting.length] ?? '' }),
    );
    const files = { 'web.zy': fileOf(wishes), ...tree };
    const options = { machine: fakeMachine(given), scope: scopeOf(given) };

    const applied = await outcomesOf(start(files, options));
    const planned = await outcomesOf(start(files, { ...options, test: true }));

    for (const [index, { state, result }] of applied.entries()) {
      if (result === 'changed') changed.add(state);
      if (result === 'failed') continue;
      const again = planned[index];
      assert.ok(
        again?.result === 'unchanged' || again?.result === 'skipped',
        `seed ${seed}: ${JSON.stringify({ wish: wishes[index], given, again })}`,
      );
    }
  }
  assert.deepEqual(
    lasting.filter((name) => !changed.has(name)),
    [],
    'every one of them has changed something',
  );
});

test('the plan of any state, whatever its arguments, changes nothing', async () => {
  const planned = new Set<string>();
  for (const seed of seeds(60)) {
    const random = randomFrom(seed);
    const given = { ...randomGiven(random, [fewNames]), tree };
    const machine = fakeMachine(given);
    const context = contextOn(machine, { given, registry });
    for (const state of all) {
      const wish = randomWish(random, 'web', { names: fewNames, state: state.name, wrong: 10 });
      const before = machine.snapshot();

      if (await plan(state, wish, context)) planned.add(state.name);

      assert.deepEqual(machine.snapshot(), before, `seed ${seed}: ${JSON.stringify(wish)}`);
    }
  }
  assert.deepEqual(
    all.filter(({ name }) => !planned.has(name)).map(({ name }) => name),
    ['test.fail_without_changes'],
    'every one of them could be planned, but for one that never can',
  );
});

test('the plan of any state touches no file of a real folder, not even for a moment', {
  skip: isRoot ? false : 'only root may give files away',
}, async () => {
  for (const seed of seeds(6)) {
    const random = randomFrom(seed);
    const given = { ...randomGiven(random, [fewNames]), tree };
    await using folder = await realFolder(given);
    const context = contextOn(folder.machine, { given, registry });
    const before = await hashOf(folder.root);
    for (const state of onFolders) {
      const wish = randomWish(random, 'web', { names: fewNames, state: state.name, wrong: 10 });

      await plan(state, wish, context);

      assert.deepEqual(await hashOf(folder.root), before, `seed ${seed}: ${JSON.stringify(wish)}`);
    }
  }
});

test('the plan of a whole file, with requisites and refreshes, changes nothing', async () => {
  let wouldChange = 0;
  for (const seed of seeds(300)) {
    const random = randomFrom(seed);
    const given = randomGiven(random, [fewNames]);
    const machine = fakeMachine(given);
    const before = machine.snapshot();
    const files = { [pick(random, ['web.zy', 'web.sls'])]: fileOf(randomFile(random)), ...tree };

    const outcomes = await planned(files, machine, given);

    wouldChange += outcomes.filter(({ result }) => result === 'would-change').length;
    assert.deepEqual(machine.snapshot(), before, `seed ${seed}: ${JSON.stringify(files)}`);
  }
  assert.ok(wouldChange > 100, `only ${wouldChange} states would change anything`);
});

/** States that wait for and refresh each other, with what the engine does around them. */
function randomFile(random: Random): readonly Wish[] {
  const kinds = [...requisiteKinds, 'listen', 'watch_in', 'require_in', 'prereq_in', 'use'] as const;
  return Array.from({ length: 6 }, (_, index) => {
    const { id, state, args } = randomWish(random, `wish ${index}`, {
      names: fewNames,
      state: pick(random, all.map(({ name }) => name) as [string, ...string[]]),
    });
    const before = () => `wish ${random(Math.max(1, index))}`;
    const targets = many(random, 1, () => ({ [pick(random, kinds)]: [{ id: before() }] }));
    const options = many(random, 1, () =>
      pick<object>(random, [
        { parallel: true },
        { check_cmd: 'true' },
        { retry: { attempts: 2, interval: 0 } },
        { order: 1 },
      ]),
    );
    return { id, state, args: Object.assign({}, args, ...targets, ...options) };
  });
}

async function planned(files: Readonly<Record<string, string>>, machine: ReturnType<typeof fakeMachine>, given: Given) {
  try {
    return await outcomesOf(start(files, { machine, test: true, scope: scopeOf(given) }));
  } catch (error) {
    // A circle, or a requisite on itself.
    if (error instanceof CompileErrors) return [];
    throw error;
  }
}

/** Whether a plan came of it; a refusal is an answer too. */
async function plan(state: State, { args }: Wish, context: Context): Promise<boolean> {
  try {
    await state.build(rawArguments(state.args, args)).plan(context);
    return true;
  } catch (error) {
    if (isError(error)) return false;
    throw error;
  }
}

function scopeOf({ settings = {}, facts = {} }: Given) {
  return { settings, facts };
}
