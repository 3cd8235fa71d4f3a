import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finishedOf, outcomesOf, start } from '../../test/cases/harness.ts';
import { CompileErrors } from './engine.ts';
import { requisiteKinds } from './keywords.ts';

const states = ['nop', 'succeed_with_changes', 'succeed_without_changes', 'fail_without_changes', 'fail_with_changes'];

/** Small and seeded: a failing seed can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let value = seed * 2_654_435_761 + 1;
  return (below) => {
    value = Math.imul(value ^ (value >>> 15), 2_246_822_519) >>> 0;
    value = (value + 0x9e3779b9) >>> 0;
    return (value >>> 8) % below;
  };
}

interface Written {
  readonly id: string;
  readonly state: string;
  readonly requisites: readonly { readonly kind: string; readonly target: string }[];
}

/** A file with random requisites of all kinds. Without `cycles` they only point backwards, and a `prereq` forwards. */
function randomStates(seed: number, { cycles }: { readonly cycles: boolean }): readonly Written[] {
  const random = randomFrom(seed);
  const count = 2 + random(9);
  const kinds = [
    ...requisiteKinds,
    'listen',
    'require_in',
    'watch_in',
    'onfail_in',
    'onchanges_in',
    'prereq_in',
    'use',
    'listen_in',
  ];
  return Array.from({ length: count }, (_, index) => {
    const requisites = Array.from({ length: random(4) }, () => {
      const kind = kinds[random(cycles ? kinds.length : requisiteKinds.length + 1)] ?? 'require';
      const acyclic = kind === 'prereq' ? Math.min(count - 1, index + 1 + random(count)) : random(Math.max(1, index));
      return { kind, target: `s${cycles ? random(count + 1) : acyclic}` };
    }).filter(({ target }) => cycles || target !== `s${index}`);
    return { id: `s${index}`, state: `test.${states[random(states.length)]}`, requisites };
  });
}

function fileOf(written: readonly Written[], shuffle: (below: number) => number): string {
  const order = written.toSorted(() => shuffle(3) - 1);
  const lines = order.map(({ id, state, requisites }) => {
    const kinds = [...new Set(requisites.map(({ kind }) => kind))];
    const args = kinds.map((kind) => {
      const targets = requisites.filter((each) => each.kind === kind).map(({ target }) => `{test: ${target}}`);
      return `{${kind}: [${targets.join(', ')}]}`;
    });
    return `${id}: {${state}: [${args.join(', ')}]}`;
  });
  return lines.join('\n');
}

test('whatever is required has its turn first, in a serial run and in a graph', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const written = randomStates(seed, { cycles: false });
    const file = fileOf(written, randomFrom(seed));
    for (const path of ['web.sls', 'web.zy']) {
      const finished = await attempt(() => finishedOf(start({ [path]: file })));
      // A prereq on what requires it is a contradiction, though it only points forwards.
      if (finished === 'refused') continue;
      const sequence = new Map(finished.map(({ outcome, sequence }) => [outcome.id, sequence]));
      const skipped = new Set(finished.filter(({ outcome }) => outcome.skipReason).map(({ outcome }) => outcome.id));

      for (const { id, requisites } of written) {
        for (const { kind, target } of requisites.filter(({ kind }) => kind !== 'listen')) {
          // A target that its own requisites hold back is settled when its plan is asked for.
          if (kind === 'prereq' && skipped.has(target)) continue;
          const [first, second] = kind === 'prereq' ? [id, target] : [target, id];
          assert.ok(
            (sequence.get(first) ?? 0) < (sequence.get(second) ?? 0),
            `seed ${seed}: ${id} ${kind} ${target}\n${file}`,
          );
        }
      }
    }
  }
});

test('a graph comes to the same results as the serial run', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const file = fileOf(randomStates(seed, { cycles: false }), randomFrom(seed));
    // Serially a prereq means exactly what it means in Salt, which depends on what has run before.
    if (file.includes('prereq')) continue;
    for (const dryRun of [false, true]) {
      const results = async (path: string) =>
        new Map(
          (await outcomesOf(start({ [path]: file }, { test: dryRun }))).map(({ id, result, skipReason }) => [
            id,
            `${result} ${skipReason}`,
          ]),
        );

      const [serial, graph] = [await attempt(() => results('web.sls')), await attempt(() => results('web.zy'))];

      assert.deepEqual(graph, serial, `seed ${seed}\n${file}`);
    }
  }
});

test('any file is either refused whole or run whole: one outcome for each state', async () => {
  for (let seed = 1; seed <= 400; seed++) {
    const written = randomStates(seed, { cycles: true });
    const file = fileOf(written, randomFrom(seed));
    for (const late of [false, true]) {
      for (const path of ['web.sls', 'web.zy']) {
        const ids = await attempt(async () =>
          (await outcomesOf(start({ [path]: file }, { settings: { late } }))).map(({ id }) => id),
        );

        if (ids === 'refused') continue;
        const own = ids.filter((id) => !id.startsWith('listen'));
        assert.deepEqual(own.toSorted(), written.map(({ id }) => id).toSorted(), `seed ${seed}\n${file}`);
      }
    }
  }
});

test('a plan after an apply is empty', async () => {
  const files = {
    'web.zy':
      '/srv/a: {file.directory: []}\n/srv/a/b: {file.managed: {contents: hello, require: ["file.directory:/srv/a"]}}\ndeploy: {group.present: {gid: 700}}',
  };
  const { fakeMachine } = await import('#machine/fake.ts');
  const machine = fakeMachine();

  const applied = await outcomesOf(start(files, { machine }));
  const planned = await outcomesOf(start(files, { machine, test: true }));

  assert.deepEqual(
    applied.map(({ result }) => result),
    ['changed', 'changed', 'changed'],
  );
  assert.deepEqual(
    planned.map(({ result }) => result),
    ['unchanged', 'unchanged', 'unchanged'],
  );
});

/** The value, or that the files were refused: nothing else may stop a run. */
async function attempt<T>(work: () => Promise<T>): Promise<T | 'refused'> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CompileErrors) return 'refused';
    throw error;
  }
}
