import type { KV } from '@nats-io/kv';
import { ZesterError } from '#base/errors.ts';
import { toHuman, toWire } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { explainTarget } from '#target/explain.ts';
import { FactIndex } from '#target/index.ts';
import { parseTarget } from '#target/parse.ts';
import { decode } from '#wire/codec.ts';
import {
  FactsRecord,
  type PeelReply,
  type PeelRow,
  type PeelsQuery,
  type PeelsReply,
  type ResolveReply,
} from '#wire/peel.ts';
import { buckets } from '#wire/stores.ts';
import { currentEntries, type Presence } from './presence.ts';

/** What the fleet is: the facts of every peel, indexed for targets. */
export interface Fleet extends Disposable {
  readonly size: number;
  /** Peel ids an expression chooses, sorted. Throws `TARGET_SYNTAX`. */
  resolve(target: string): readonly string[];
  explain(target: string): ResolveReply;
  list(query: PeelsQuery): PeelsReply;
  show(peel: string): PeelReply;
  forget(peel: string): Promise<void>;
}

const pageSize = 500;

/** Reads all facts once, then follows the bucket's subject. */
export async function openFleet({
  bus,
  kv,
  presence,
  log,
}: {
  bus: Bus;
  kv: KV;
  presence: Presence;
  log: Log;
}): Promise<Fleet> {
  const index = new FactIndex();
  const take = (peel: string, value: Uint8Array) => {
    try {
      index.set(peel, FactsRecord.parse(decode(value)).facts);
    } catch (error) {
      log.warn('Facts not understood', { peel_id: peel, error });
    }
  };
  const listening = bus.hearKey(buckets.facts.name, '*', (value, peel) => {
    if (value === undefined) index.delete(peel);
    else take(peel, value);
  });
  await bus.flush();
  for await (const { key, value } of currentEntries(kv)) take(key, value);

  const row = (peel: string): PeelRow => {
    const seen = presence.find(peel);
    const facts = index.facts(peel) ?? {};
    const os = facts.os as Readonly<Record<string, unknown>> | undefined;
    return {
      peel,
      online: seen?.online === true,
      ...(seen ? { since: seen.since, version: seen.version } : {}),
      ...textField('os', os?.platform ?? os?.name),
      ...textField('arch', os?.arch),
      ...textField('address', facts.default_ipv4),
    };
  };

  return {
    get size() {
      return index.size;
    },
    resolve: (target) => index.resolve(parseTarget(target)),
    explain(target) {
      const parsed = parseTarget(target);
      return { peels: [...index.resolve(parsed)], reading: explainTarget(parsed) };
    },
    list({ target = '*', after, limit = pageSize }) {
      const all = index.resolve(parseTarget(target));
      const rest = after === undefined ? all : all.filter((peel) => peel > after);
      const page = rest.slice(0, Math.min(limit, pageSize));
      const last = page.at(-1);
      return {
        peels: page.map(row),
        total: all.length,
        ...(last !== undefined && page.length < rest.length ? { next: last } : {}),
      };
    },
    show(given) {
      const peel = toWire(toHuman(given));
      const facts = index.facts(peel);
      if (facts) return { peel: row(peel), facts };
      throw new ZesterError(
        'usage',
        'PEEL_UNKNOWN',
        `Cannot show "${toHuman(given)}": no such peel has published facts`,
        {
          hint: 'List them with: zester peel list; one that waits for approval is in: zester enroll list',
        },
      );
    },
    async forget(peel) {
      index.delete(peel);
      await kv.purge(peel);
    },
    [Symbol.dispose]: () => listening.close(),
  };
}

function textField<Key extends string>(key: Key, value: unknown): { readonly [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [K in Key]?: string };
}
