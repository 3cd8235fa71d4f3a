import type { KV } from '@nats-io/kv';
import { ZesterError } from '#base/errors.ts';
import { type PeelId, toHuman, toWire } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { explain, FactIndex, type Groups, parse } from '#target/index.ts';
import { openFacts } from '#trust/peel-signatures.ts';
import type { PeelReply, PeelRow, PeelsQuery, PeelsReply, ResolveReply } from '#wire/peel.ts';
import { buckets } from '#wire/stores.ts';
import { isOff } from './clocks.ts';
import type { PeelKeys } from './jobs/returns.ts';
import { currentEntries, type Presence } from './presence.ts';

/** What the fleet is: the facts of every peel, indexed for targets. */
export interface Fleet extends Disposable {
  readonly size: number;
  /** Peel ids an expression chooses, sorted. Throws what `parse` does, and `TARGET_SETTINGS_UNKNOWN`. */
  resolve(target: string): readonly string[];
  explain(target: string): ResolveReply;
  list(query: PeelsQuery): PeelsReply;
  show(peel: string): Promise<PeelReply>;
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
  readonly kv: KV;
  readonly presence: Presence;
  /** What `N@name` stands for. */
  readonly nodegroups: Groups;
  /** The keys that count for a peel now; what a revoked one still says is dropped. */
  readonly keysOf: PeelKeys;
  readonly log: Log;
}

const pageSize = 500;

/** Reads all facts once, then follows the bucket's subject. */
export async function openFleet({ bus, kv, presence, nodegroups, keysOf, log }: FleetOptions): Promise<Fleet> {
  const index = new FactIndex();
  const shown = new Map<string, ShownFacts>();
  const refused = new Set<string>();
  const lost = new Set<string>();

  const take = (peel: string, value: Uint8Array) => {
    try {
      const { facts } = openFacts(value, { peel, keys: keysOf(peel) });
      const { grains, ...native } = facts;
      index.set(peel as PeelId, { facts: native, grains: isRecord(grains) ? grains : {} });
      shown.set(peel, shownFacts(native));
      refused.delete(peel);
      lost.delete(peel);
    } catch (error) {
      refused.add(peel);
      log.warn('Facts refused', { peel_id: peel, error });
    }
  };
  const drop = (peel: string) => {
    index.delete(peel as PeelId);
    shown.delete(peel);
    lost.delete(peel);
  };
  const listening = bus.hearKey(buckets.facts.name, '*', (value, peel) => {
    if (value === undefined) drop(peel);
    else take(peel, value);
  });
  await bus.flush();
  for await (const { key, value } of currentEntries(kv)) take(key, value);

  const read = (target: string) => parse(target, { groups: nodegroups });
  const resolve = (target: string): string[] => index.resolve(read(target)).sort();
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
    return {
      peel,
      online: seen?.online === true,
      ...(seen ? { since: seen.since, version: seen.version } : {}),
      ...concern(peel),
      ...shown.get(peel),
    };
  };

  return {
    get size() {
      return index.size;
    },
    resolve,
    explain: (target) => ({ peels: resolve(target), reading: explain(read(target)) }),
    list({ target = '*', after, limit = pageSize }) {
      const all = resolve(target);
      const rest = after === undefined ? all : all.filter((peel) => peel > after);
      const page = rest.slice(0, Math.min(limit, pageSize));
      const last = page.at(-1);
      const next = last !== undefined && page.length < rest.length ? { next: last } : {};
      return { peels: page.map(row), total: all.length, ...next };
    },
    async show(given) {
      const peel = toWire(toHuman(given));
      const entry = await kv.get(peel);
      if (entry?.operation === 'PUT')
        return { peel: row(peel), facts: openFacts(entry.value, { peel, keys: keysOf(peel) }).facts };
      throw new ZesterError(
        'usage',
        'PEEL_UNKNOWN',
        `Cannot show "${toHuman(given)}": no such peel has published facts`,
        {
          hint: 'List them with: zester peel list; one that waits for approval is in: zester enroll list',
        },
      );
    },
    recheck(peel) {
      if (!refused.delete(peel)) return;
      void kv.get(peel).then(
        (entry) => entry?.operation === 'PUT' && take(peel, entry.value),
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
    [Symbol.dispose]: () => listening.close(),
  };
}

/** The few facts that a list shows: kept beside the index, which forgets what it was given. */
type ShownFacts = Pick<PeelRow, 'os' | 'arch' | 'address'>;

function shownFacts(facts: Readonly<Record<string, unknown>>): ShownFacts {
  const os = isRecord(facts.os) ? facts.os : {};
  return {
    ...textField('os', os.platform ?? os.name),
    ...textField('arch', os.arch),
    ...textField('address', facts.default_ipv4),
  };
}

function textField<Key extends string>(key: Key, value: unknown): { readonly [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [K in Key]?: string };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
