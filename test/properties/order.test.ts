import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { CompileErrors, createEngine, type Finished } from '#engine/engine.ts';
import type { Registry } from '#kit/function.ts';
import { state } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import { treeOf } from '../cases/trees.ts';
import { chance, many, pick, type Random, randomFrom, seeds } from './random.ts';

const kinds = ['require', 'require_any', 'watch', 'watch_any', 'onchanges', 'onchanges_any'] as const;
const failureKinds = ['onfail', 'onfail_any', 'onfail_all'] as const;
const inKinds = ['require_in', 'watch_in', 'onchanges_in'] as const;
const holdable = ['a', 'b', 'c'] as const;

/** One state of a random file. What it needs is written on it, or by an `_in` on what it needs. */
interface Written {
  readonly id: string;
  readonly state: 'log.change' | 'log.quiet' | 'log.fail';
  readonly args: Record<string, unknown>;
}

/** Two states of which the first has its turn, and its end, before the second begins. */
interface Before {
  readonly first: string;
  readonly second: string;
  readonly kind: string;
}

interface Drawn {
  readonly written: readonly Written[];
  readonly before: readonly Before[];
  readonly listening: readonly (readonly [listener: string, target: string])[];
}

test('what is required ends before what requires it begins, however it is written, one by one and all at once', async () => {
  const told = new Set<string>();
  let most = 0;
  for (const seed of seeds(120)) {
    const random = randomFrom(seed);
    const drawn = draw(random);
    for (const path of ['web.sls', 'web.zy']) {
      const limit = 1 + random(5);
      const { finished, log } = await run(path, drawn, { limit, ticks: random });
      if (finished === undefined) continue;
      const about = `seed ${seed}, ${path}: ${fileOf(drawn.written)}\n${log.join(' ')}`;

      for (const { first, second, kind } of drawn.before) {
        const [end, begin] = [log.indexOf(`-${first}`), log.indexOf(`+${second}`)];
        if (end < 0 || begin < 0) continue;
        told.add(kind);
        assert.ok(end < begin, `${first} before ${second} (${kind}), ${about}`);
      }
      most = Math.max(most, overlaps(log, limit, drawn, about));
      listenersComeLast(finished, log, drawn, about);
    }
  }
  assert.deepEqual([...told].sort(), [...kinds, ...failureKinds, ...inKinds, 'prereq', 'prereq_in'].sort());
  assert.ok(most > 2, `at most ${most} ran together`);
});

test('where nothing is required, a serial run goes by "order", and then as it is written', async () => {
  for (const seed of seeds(100)) {
    const random = randomFrom(seed);
    const written = Array.from({ length: 2 + random(9) }, (_, index): Written => {
      const order = chance(random, 1, 2)
        ? pick<number | string>(random, [1, 2, 5, 1, 'first', 'last', -1, -2])
        : undefined;
      return { id: `s${index}`, state: 'log.change', args: order === undefined ? {} : { order } };
    });

    const { log } = await run('web.sls', { written, before: [], listening: [] }, { limit: 1 });

    const place = ({ args: { order } }: Written) =>
      order === 'first'
        ? 0
        : order === 'last'
          ? 2e6
          : typeof order !== 'number'
            ? 1e4
            : order < 0
              ? 2e6 + order
              : order;
    // What shares a place is in the order of its name, but for those without an order, which are as written.
    const expected = written
      .map((each, index) => ({ each, place: place(each), name: each.args.order === undefined ? index : each.id }))
      .sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1));
    assert.deepEqual(
      log.filter((word) => word.startsWith('+')),
      expected.map(({ each }) => `+${each.id}`),
      `seed ${seed}: ${fileOf(written)}`,
    );
  }
});

/** A file whose requisites all point from later to earlier states, in an order that has nothing to do with the file's. */
function draw(random: Random): Drawn {
  const count = 3 + random(8);
  const written = Array.from({ length: count }, (_, index): Written => {
    const holds = many(random, 2, () => pick(random, holdable));
    return {
      id: `s${index}`,
      state: pick(random, ['log.change', 'log.change', 'log.quiet', 'log.fail']),
      args: {
        holds,
        ...(chance(random, 1, 6) ? { order: pick<number | string>(random, [1, 'last', -1, 'first', 20]) } : {}),
        ...(chance(random, 1, 5) ? { parallel: true } : {}),
      },
    };
  });
  const before: Before[] = [];
  const listening: (readonly [string, string])[] = [];
  const add = (owner: Written, kind: string, { id }: Written) => {
    owner.args[kind] = [...((owner.args[kind] as unknown[]) ?? []), { log: id }];
  };
  for (let turn = 0; turn < count + random(4); turn++) {
    const later = 1 + random(count - 1);
    const [first, second] = [written[random(later)], written[later]] as [Written, Written];
    switch (random(5)) {
      case 0: {
        const kind = pick(random, inKinds);
        add(first, kind, second);
        before.push({ first: first.id, second: second.id, kind });
        break;
      }
      case 1: {
        const kind = pick(random, ['prereq', 'prereq_in'] as const);
        if (kind === 'prereq') add(first, kind, second);
        else add(second, kind, first);
        before.push({ first: first.id, second: second.id, kind });
        break;
      }
      case 2: {
        add(second, 'listen', first);
        listening.push([second.id, first.id]);
        break;
      }
      default: {
        // What waits for a failure only runs when there is one.
        const kind = pick<string>(random, first.state === 'log.fail' ? failureKinds : kinds);
        add(second, kind, first);
        before.push({ first: first.id, second: second.id, kind });
      }
    }
  }
  return { written: written.toSorted(() => random(3) - 1), before, listening };
}

/** How many ran together at most. Never more than the limit, and never two that hold the same thing. */
function overlaps(log: readonly string[], limit: number, { written }: Drawn, about: string): number {
  const running = new Set<string>();
  let most = 0;
  for (const word of log) {
    const id = word.slice(1);
    if (word.startsWith('-')) running.delete(id);
    if (!word.startsWith('+')) continue;
    const mine = holdsOf(id, written);
    const rival = [...running].find((other) => holdsOf(other, written).some((each) => mine.includes(each)));
    assert.equal(rival, undefined, `${id} and ${rival} hold the same, ${about}`);
    running.add(id);
    most = Math.max(most, running.size);
  }
  const isSerial = about.includes('web.sls');
  assert.ok(isSerial || most <= limit, `${most} ran together, ${about}`);
  return most;
}

function holdsOf(id: string, written: readonly Written[]): readonly string[] {
  return (written.find((each) => each.id === id)?.args.holds as readonly string[]) ?? [];
}

/** A listener is refreshed once, when all else is done, and only for a target that changed, or failed while it did. */
function listenersComeLast(finished: readonly Finished[], log: readonly string[], { listening }: Drawn, about: string) {
  const listeners = finished.filter(({ outcome }) => outcome.id.startsWith('listener_'));
  const changed = new Set(
    finished.filter(({ outcome }) => outcome.changes || outcome.refreshed).map(({ outcome }) => outcome.id),
  );
  const expected = listening.filter(([, target]) => changed.has(target)).map(([listener]) => `listener_${listener}`);
  assert.deepEqual(listeners.map(({ outcome }) => outcome.id).toSorted(), [...new Set(expected)].toSorted(), about);
  const others = finished.filter((each) => !listeners.includes(each)).map(({ sequence }) => sequence);
  assert.ok(
    listeners.every(({ sequence }) => sequence > Math.max(...others)),
    `listeners come last, ${about}`,
  );
  const refreshes = log.slice(log.length - listeners.length);
  assert.deepEqual(
    refreshes.toSorted(),
    listeners.map(({ outcome }) => outcome.id.replace('listener_', '*')).toSorted(),
    about,
  );
}

function fileOf(written: readonly Written[]): string {
  return JSON.stringify(
    Object.fromEntries(
      written.map(({ id, state: name, args }) => [
        id,
        { [name]: Object.entries(args).map(([key, value]) => ({ [key]: value })) },
      ]),
    ),
    null,
    1,
  );
}

async function run(path: string, { written }: Drawn, options: { limit: number; ticks?: Random | undefined }) {
  const log: string[] = [];
  const engine = createEngine({ registry: logging(log, options.ticks), tree: treeOf({ [path]: fileOf(written) }) });
  try {
    const started = engine.apply(['web'], {
      scope: { id: 'web-01', facts: {}, settings: {} },
      machine: fakeMachine(),
      limit: options.limit,
    });
    return { finished: await Array.fromAsync(started), log };
  } catch (error) {
    // A `prereq` on what waits for it.
    if (error instanceof CompileErrors) return { finished: undefined, log };
    throw error;
  }
}

const args = z.object({
  name: z.string().meta({ primary: true }).describe('Its name'),
  holds: z.array(z.string()).default([]).describe('What it holds'),
});

/** States that write down when they begin (`+`), end (`-`), fail (`!`) and are refreshed (`*`). */
function logging(log: string[], random: Random | undefined): Registry {
  const turns = async () => {
    for (let left = random?.(4) ?? 0; left > 0; left--) await new Promise(setImmediate);
  };
  const one = (name: 'log.change' | 'log.quiet' | 'log.fail') =>
    state({
      name,
      summary: 'Write down its turn',
      args,
      holds: ({ holds }) => holds,
      check: async () => (name === 'log.quiet' ? {} : { done: { from: false, to: true } }),
      async apply(_changes, { name: id }) {
        log.push(`+${id}`);
        await turns();
        if (name === 'log.fail') log.push(`!${id}`);
        log.push(`-${id}`);
        if (name === 'log.fail') throw new Error('it fails');
        return undefined;
      },
      async refresh({ name: id }) {
        log.push(`*${id}`);
        return undefined;
      },
      examples: [],
    });
  const all = (['log.change', 'log.quiet', 'log.fail'] as const).map(one);
  return { states: new Map(all.map((each) => [each.name, each])), functions: new Map() };
}
