import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine, type EngineOptions, type Finished, type KeptStore } from '#engine/engine.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import { createRenderer } from '#render/render.ts';
import { treeOf } from '../cases/trees.ts';
import { chance, pick, type Random, randomFrom, seeds } from './random.ts';
import { fewNames, fileOf, randomGiven, randomWish, tree, type Wish } from './states.ts';

const requisites = ['require', 'watch', 'onchanges', 'onfail', 'prereq', 'listen', 'require_in', 'watch_any'] as const;
const stateNames = [...registry.states.keys()];
const scope = { id: 'web-01', facts: { id: 'web-01', os: { family: 'debian' } }, settings: { port: 80 } };

test('a run of kept states is the run that compiling again would have given', async () => {
  let kept = 0;
  for (const seed of seeds(150)) {
    const random = randomFrom(seed);
    const wishes = Array.from({ length: 1 + random(5) }, (_, index) =>
      randomWish(random, `wish ${index}`, {
        names: fewNames,
        state: stateNames[random(stateNames.length)] ?? '',
      }),
    );
    const ids = wishes.map(({ id }) => id);
    const written = wishes.map((wish) => withRequisites(random, wish, ids));
    const ending = pick(random, ['zy', 'sls']);
    const files = { [`web.${ending}`]: fileOf(written), ...tree };
    const given = randomGiven(random, [fewNames]);
    const store = memory();
    const options = (): EngineOptions => ({
      registry,
      tree: treeOf(files),
      kept: { store, program: 'one', tree: 'web' },
    });
    const test = chance(random, 1, 2);

    const fresh = await applied(options(), given, test);
    if (fresh === undefined || store.files.size === 0) continue;
    const again = await applied({ ...options(), createRenderer: rendersTextsOnly }, given, test);

    assert.deepEqual(again, fresh, `seed ${seed}: ${files[`web.${ending}`]}`);
    kept++;
  }
  assert.ok(kept > 40, `only ${kept} were kept`);
});

function withRequisites(random: Random, wish: Wish, ids: readonly string[]): Wish {
  const others = ids.filter((id) => id < wish.id);
  if (others.length === 0 || chance(random, 1, 2)) return wish;
  return { ...wish, args: { ...wish.args, [pick(random, requisites)]: [{ id: others[random(others.length)] }] } };
}

/** What a state file renders to must come from what was kept; a text whose machine differs may be another one. */
const rendersTextsOnly: NonNullable<EngineOptions['createRenderer']> = (options) => ({
  ...createRenderer(options),
  renderDocument: ({ path }) => assert.fail(`"${path}" is rendered again`),
});

/** Everything that a run tells, but for when it was; undefined when the file is refused. */
async function applied(options: EngineOptions, given: Parameters<typeof fakeMachine>[0], test: boolean) {
  const machine = fakeMachine(given);
  let finished: Finished[];
  try {
    finished = await Array.fromAsync(
      createEngine(options).apply(['web'], { scope: { ...scope, test }, machine, test }),
    );
  } catch {
    return undefined;
  }
  const told = finished.map((each) =>
    JSON.parse(JSON.stringify(each), (key, value) => (/^(ms|startedAt)$/.test(key) ? 0 : value)),
  );
  return { told, machine: machine.snapshot() };
}

function memory(): KeptStore & { readonly files: ReadonlyMap<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return { files, read: (name) => files.get(name), write: (name, bytes) => void files.set(name, bytes) };
}
