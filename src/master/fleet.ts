import { ZesterError } from '#base/errors.ts';
import { isPeelId, type PeelId, toHuman, toWire } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { Bus } from '#bus/bus.ts';
import { explain, FactIndex, type Groups, parse } from '#target/index.ts';
import { openFacts } from '#trust/peel-signatures.ts';
import { encode } from '#wire/codec.ts';
import { cutText, partBytes } from '#wire/limits.ts';
import type {
  PeelQuery,
  PeelReply,
  PeelRow,
  PeelsQuery,
  PeelsReply,
  ResolveReply,
  ResolveRequest,
} from '#wire/peel.ts';
import { buckets } from '#wire/stores.ts';
import { isOff } from './clocks.ts';
import { defaultFactLimits, type FactLimits, openFactsIntake } from './facts.ts';
import { notItsKey } from './jobs/record.ts';
import type { PeelKeys } from './jobs/returns.ts';
import { createPager } from './pager.ts';
import type { Presence } from './presence.ts';

/** What the fleet is: the facts of every peel, indexed for targets. */
export interface Fleet extends Disposable {
  readonly size: number;
  /** Columns that the index of facts has, and may have. */
  readonly columns: { readonly used: number; readonly most: number };
  readonly limits: FactLimits;
  /** Peels whose facts are over a limit, and which. */
  readonly over: ReadonlyMap<string, string>;
  /** Peel ids an expression chooses, sorted. Throws what `parse` does, `TARGET_FACT_UNKNOWN` and `TARGET_SETTINGS_UNKNOWN`. */
  resolve(target: string): readonly string[];
  explain(request: ResolveRequest): ResolveReply;
  list(query: PeelsQuery): PeelsReply;
  show(query: PeelQuery): Promise<PeelReply>;
  forget(peel: string): Promise<void>;
  /** Looks again at facts that were refused: their peel may have been enrolled, at another master, a moment ago. */
  recheck(peel: string): void;
  /** Whether the store has no facts of it. */
  isMissing(peel: string): boolean;
  /** Whether it has none any more: what is known of it is from memory. */
  isLost(peel: string): boolean;
  /** The store has lost all facts. They stay known here until they are published again. */
  lose(): void;
  /** Peels whose facts the store lost, and that have not published them again. */
  readonly lost: number;
}

interface FleetOptions {
  readonly bus: Bus;
  readonly kv: KvBucket;
  readonly bad: BadRecords;
  readonly presence: Presence;
  /** What `N@name` stands for. */
  readonly nodegroups: Groups;
  /** The keys that count for a peel now; what a revoked one still says is dropped. */
  readonly keysOf: PeelKeys;
  readonly limits?: FactLimits | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const readingLetters = 65_536;

/** Reads all facts once, then follows the bucket's subject. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { bus, kv, bad, presence, nodegroups, keysOf, limits = defaultFactLimits, clock, log } = options;
  const index = new FactIndex();
  const shown = new Map<string, ShownFacts>();
  const lost = new Set<string>();

  const take = (peel: string, facts: Readonly<Record<string, unknown>>) => {
    const { grains, ...native } = facts;
    index.set(peel as PeelId, { facts: native, grains: isRecord(grains) ? grains : {} });
    shown.set(peel, shownFacts(native));
    lost.delete(peel);
  };
  const open = (peel: string, bytes: Uint8Array) => {
    if (!isPeelId(peel)) throw notItsKey('no peel');
    return openFacts(bytes, { peel, keys: keysOf(peel) });
  };
  const intake = openFactsIntake({
    open,
    limits,
    bad,
    take,
    takeUnusable: (peel) => void (index.has(peel as PeelId) || take(peel, {})),
    clock,
    log,
  });
  const drop = (peel: string) => {
    intake.forget(peel);
    index.delete(peel as PeelId);
    shown.delete(peel);
    lost.delete(peel);
  };
  // What is heard while the store is read is newer than what is read of the same peel.
  let heard: Set<string> | undefined = new Set();
  const listening = bus.watchKey(buckets.facts.name, '*', (value, peel) => {
    heard?.add(peel);
    if (value === undefined) drop(peel);
    else intake.receive(peel, value);
  });
  await bus.flush();
  for await (const { key, value } of kv.current()) {
    if (!heard.has(key)) intake.takeNow(key, value);
  }
  heard = undefined;

  const read = (target: string) => parse(target, { groups: nodegroups });
  const resolve = (target: string): string[] => {
    const wanted = read(target);
    index.requireFacts(wanted);
    return index.resolve(wanted).sort();
  };
  const concern = (peel: string) => {
    const warning = presence.warning(peel);
    const skew = presence.skewMs(peel);
    return {
      ...(warning === undefined ? {} : { warning }),
      ...(skew !== undefined && isOff(skew) ? { clockSkewMs: skew } : {}),
    };
  };
  const row = (peel: string): PeelRow => {
    const seen = presence.find(peel);
    const excess = intake.over.get(peel);
    return {
      peel,
      online: seen?.online === true,
      ...(seen ? { since: seen.since, version: seen.version } : {}),
      ...concern(peel),
      ...shown.get(peel),
      ...(excess === undefined ? {} : { over: excess }),
    };
  };
  const rows = createPager({ all: resolve, keyOf: String, shown: row, clock });
  const ids = createPager({ all: resolve, keyOf: String, shown: String, clock });

  return {
    get size() {
      return index.size;
    },
    get columns() {
      return index.columns;
    },
    limits,
    over: intake.over,
    resolve,
    explain({ target, after }) {
      const { rows: peels, ...rest } = ids.page(target, { after });
      return { peels: [...peels], ...rest, reading: cutText(explain(read(target)), readingLetters) };
    },
    list({ target = '*', after, limit }) {
      const { rows: peels, ...rest } = rows.page(target, { after, limit });
      return { peels: [...peels], ...rest };
    },
    async show({ peel: given, part = 0 }) {
      const peel = toWire(toHuman(given));
      const entry = await kv.get(peel);
      if (entry === undefined) throw unknown(peel);
      const { value: bytes, revision } = entry;
      // Over the limits it counts for no target, but it can be looked at.
      const { facts } = open(peel, bytes);
      const whole = encode(facts);
      if (whole.length <= partBytes) return { peel: row(peel), facts };
      const parts = Math.ceil(whole.length / partBytes);
      return { peel: row(peel), part: whole.slice(part * partBytes, (part + 1) * partBytes), parts, revision };
    },
    recheck(peel) {
      if (!intake.refused.has(peel)) return;
      kv.get(peel).then(
        (entry) => entry !== undefined && intake.takeNow(peel, entry.value),
        (error) => log.warn('Facts not read', { peel_id: peel, error }),
      );
    },
    async forget(peel) {
      drop(peel);
      await bus.erase(buckets.facts.name, peel);
    },
    isMissing: (peel) => lost.has(peel) || !shown.has(peel),
    isLost: (peel) => lost.has(peel),
    lose() {
      for (const peel of shown.keys()) lost.add(peel);
    },
    get lost() {
      return lost.size;
    },
    [Symbol.dispose]() {
      listening.close();
      intake[Symbol.dispose]();
    },
  };
}

function unknown(peel: string): ZesterError {
  return new ZesterError('usage', 'PEEL_UNKNOWN', `Cannot show "${toHuman(peel)}": no such peel has published facts`, {
    hint: 'List them with: zester peel list; one that waits for approval is in: zester enroll list',
  });
}

/** The few facts that a list shows: kept beside the index, which forgets what it was given. */
type ShownFacts = Pick<PeelRow, 'os' | 'arch' | 'address'>;

const shownLetters = 64;

function shownFacts(facts: Readonly<Record<string, unknown>>): ShownFacts {
  const os = isRecord(facts.os) ? facts.os : {};
  return {
    ...textField('os', os.platform ?? os.name),
    ...textField('arch', os.arch),
    ...textField('address', facts.default_ipv4),
  };
}

function textField<Key extends string>(key: Key, value: unknown): { readonly [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: cutText(value, shownLetters) } : {}) as { readonly [K in Key]?: string };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
