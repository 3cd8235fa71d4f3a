import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine, type RevertEntry } from '#engine/engine.ts';
import { fakeMachine, type Snapshot } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { finishedOf, start } from '../cases/harness.ts';
import { treeOf } from '../cases/trees.ts';
import { pick, randomFrom, seeds } from './random.ts';
import { fewNames, fileOf, randomGiven, randomWish, tree, type Wish } from './states.ts';

// `file.accumulated` changes nothing by itself. A package that is removed again leaves its configuration, for to purge it could cost somebody data: what looks at
// that, `pkg.purged`, then finds a change that no run made.
const changing = [...registry.states.keys()].filter(
  (name) =>
    /^(cmd\.run$|(file|user|group|pkg|service)\.)/.test(name) && !['file.accumulated', 'pkg.purged'].includes(name),
);

/**
 * How a state says that it cannot put something back. A link is not followed any more once the directory it lies in was
 * given to somebody by way of it.
 */
const honest =
  /^(REVERT_LOST|REVERT_IMPOSSIBLE|PACKAGE_UNKNOWN|PACKAGE_VERSION_UNKNOWN|SERVICE_MASKED|FILE_LINK_UNTRUSTED)$/;

/** A command cannot be taken back, and what gathers texts for another state changes nothing itself. */
const unreverted = ['cmd.run', 'file.accumulated'];

test('a revert after an apply leaves the machine as it was, or says what it cannot put back', async () => {
  const reverted = new Set<string>();
  const isMissing = (name: string) => !reverted.has(name) && !unreverted.includes(name);
  // So many, and on until every state has had its turn.
  for (const seed of seeds(2_000)) {
    if (seed > 500 && !changing.some(isMissing)) break;
    const random = randomFrom(seed);
    const given = randomGiven(random, [fewNames]);
    const drawn = Array.from({ length: 1 + random(5) }, (_, index) =>
      withoutBackup(
        randomWish(random, `wish ${index}`, {
          names: fewNames,
          state: pick(random, changing as [string, ...string[]]),
        }),
      ),
    );
    // What fails may stop half-way: what it did until then is nobody's to put back.
    const wishes = await withoutFailing(drawn, given);
    if (wishes === undefined) continue;
    const machine = fakeMachine(given);
    const before = withoutRemnants(machine.snapshot());

    const entries = await applied(wishes, given, machine);
    const back = await createEngine({ registry, tree: treeOf(tree) })
      .revert(entries, { scope: { id: 'web-01', ...scopeOf(given) }, machine })
      .report();

    const refused = back.outcomes.filter(({ result }) => result !== 'changed');
    const [first, ...others] = refused;
    const about = `seed ${seed}: ${JSON.stringify({ wishes, given, refused })}`;
    if (first) assert.match(first.error?.code ?? '', honest, about);
    // What follows may lack what the first one did not bring back.
    for (const { error } of others) assert.equal(error?.family, 'machine', about);
    if (refused.length > 0) continue;
    assert.deepEqual(withoutRemnants(machine.snapshot()), before, `seed ${seed}: ${JSON.stringify({ wishes, given })}`);
    for (const { state } of entries) reverted.add(state);
  }
  assert.deepEqual(changing.filter(isMissing), [], 'every other state was reverted');
});

async function withoutFailing(wishes: readonly Wish[], given: Given): Promise<readonly Wish[] | undefined> {
  const results = async (some: readonly Wish[]) => {
    const finished = await finishedOf(
      start({ 'web.sls': fileOf(some), ...tree }, { machine: fakeMachine(given), scope: scopeOf(given) }),
    );
    return new Set(finished.filter(({ outcome }) => outcome.result === 'failed').map(({ outcome }) => outcome.id));
  };
  const failed = await results(wishes);
  const others = wishes.filter(({ id }) => !failed.has(id));
  return others.length > 0 && (await results(others)).size === 0 ? others : undefined;
}

async function applied(
  wishes: readonly Wish[],
  given: Given,
  machine: ReturnType<typeof fakeMachine>,
): Promise<readonly RevertEntry[]> {
  const run = start({ 'web.sls': fileOf(wishes), ...tree }, { machine, scope: scopeOf(given) });
  // As it is kept between two runs.
  return JSON.parse(JSON.stringify((await finishedOf(run)).flatMap(({ journal }) => journal ?? [])));
}

function withoutRemnants({ packages, ...rest }: Snapshot) {
  const { remnants: _, ...others } = packages;
  return { ...rest, packages: others };
}

/** A backup is asked for so that it stays. */
function withoutBackup({ id, state, args }: Wish): Wish {
  const takes = registry.states.get(state)?.args.shape ?? {};
  return { id, state, args: { ...args, ...('backup' in takes ? { backup: false } : {}) } };
}

function scopeOf({ settings = {}, facts = {} }: Given) {
  return { settings, facts };
}
