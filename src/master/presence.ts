import { isPeelId, toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { repeat } from '#base/repeat.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { Bus } from '#bus/bus.ts';
import { storeContended } from '#bus/outside.ts';
import { openRecords, type RecordKind, type Records } from '#bus/records.ts';
import { channels } from '#wire/channels.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { type Heartbeat, type Notice, Presence as PresenceRecord } from '#wire/peel.ts';
import { buckets } from '#wire/stores.ts';
import { type Clocks, isOff, skewText } from './clocks.ts';
import { type Doubled, type Instances, watchInstances } from './instances.ts';
import { notItsKey } from './jobs/record.ts';

/**
 * Who is there. Peels beat on a core subject that is stored nowhere; a master counts the beats and writes one record
 * when somebody came or went.
 */
export interface Presence extends AsyncDisposable {
  isOnline(peel: string): boolean;
  find(peel: string): PresenceRecord | undefined;
  /** The process that orders for this peel are meant for. */
  runOf(peel: string): string | undefined;
  /** Whether an order from that time may be sent again: never to another machine than the one that may have it. */
  mayRepeat(peel: string, since: number): boolean;
  /** What somebody who gives this peel work should know, in words. */
  warning(peel: string): string | undefined;
  /** How far its clock is ahead of ours, when it has said so. */
  skewMs(peel: string): number | undefined;
  readonly online: number;
  /** Ids under which two machines beat. */
  readonly doubled: number;
  forget(peel: string): Promise<void>;
  /** Writes all records again, into a store that has lost them. */
  restore(): Promise<number>;
  /** Tells when a peel comes back. */
  onOnline(callback: (peel: string) => void): void;
  /** Tells of every beat of a peel that is to be heard. */
  onBeat(callback: (peel: string) => void): void;
}

/** Two beats missed and a little more: a peel that vanished is shown within ten seconds. */
const goneAfterMs = 9_000;
const sweepMs = 500;

export interface PresenceOptions {
  readonly bus: Bus;
  readonly kv: KvBucket;
  readonly bad: BadRecords;
  readonly clocks: Clocks;
  /** The beats of a revoked peel do not count. */
  readonly isRevoked: (peel: string) => boolean;
  /** Sends a peel a word about itself, signed. */
  readonly notify: (peel: string, notice: Pick<Notice, 'refused' | 'welcome'>) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const presenceRecords: RecordKind<PresenceRecord> = {
  bucket: buckets.presence,
  read(key, bytes) {
    if (!isPeelId(key)) throw notItsKey('no peel');
    return decodeAs(PresenceRecord, bytes, key);
  },
};

export async function openPresence(options: PresenceOptions): Promise<Presence> {
  const { bus, kv, bad, clocks, isRevoked, notify, clock, log } = options;
  const stored = openRecords(kv, presenceRecords, bad);
  const records = new Map<string, PresenceRecord>();
  const lastBeat = new Map<string, number>();
  const returning = new Set<(peel: string) => void>();
  const beating = new Set<(peel: string) => void>();
  const instances = watchInstances();
  const bornAt = clock.monotonic();

  for await (const { key, value: record } of stored.current()) {
    records.set(key, record);
    instances.restore(key, record, bornAt);
  }

  const become = (peel: string, record: PresenceRecord) => {
    records.set(peel, record);
    // Every master sees the same beats: whoever writes second writes the same.
    kv.put(peel, encode(record))
      .then(() => stored.forget(peel))
      .catch((error) => log.warn('Presence not written', { peel_id: peel, error }));
  };
  const isBack = (peel: string) => {
    for (const callback of returning) callback(peel);
  };

  const decided = createVerdicts({ kv, stored, records, instances, notify, clock, log });

  const take = (peel: string, beat: Heartbeat) => {
    if (!isPeelId(peel) || isRevoked(peel)) return;
    const now = clock.now();
    if (beat.now !== undefined) clocks.heard(peel, beat.now);
    const { state, version, startedAt: started, instance } = beat;
    const known = records.get(peel);
    if (state === 'bye') {
      if (instance && !instances.left(peel, instance.run)) return;
      lastBeat.delete(peel);
      if (known?.online) become(peel, { ...known, online: false, since: now });
      return;
    }
    const heard = instance ? instances.heard(peel, instance, clock.monotonic()) : 'holder';
    if (typeof heard === 'object') return decided.doubled(peel, heard);
    if (heard === 'refused')
      return decided.stillThere(peel, instance?.run ?? '', clock.monotonic(), state === 'refused');
    lastBeat.set(peel, clock.monotonic());
    for (const callback of beating) callback(peel);
    const run = instance === undefined ? {} : { run: instance.run };
    const isSame = known?.startedAt === started && known.version === version && known.run === instance?.run;
    if (known?.online && isSame) return;
    const refused = instances.refusedRuns(peel);
    become(peel, {
      online: true,
      since: known?.online ? known.since : now,
      version,
      startedAt: started,
      ...run,
      ...(refused.length === 0 ? {} : { refused: [...refused] }),
    });
    isBack(peel);
  };
  const listening = bus.listen(channels.heartbeat, {}, ({ address: { peel }, body }) => take(peel, body));

  const sweep = () => {
    const now = clock.monotonic();
    // A master that has just started has heard nobody yet: it believes the record for as long as a beat may take.
    if (now - bornAt < goneAfterMs) return;
    for (const [peel, record] of records) {
      const quietMs = now - (lastBeat.get(peel) ?? bornAt);
      if (!record.online || quietMs < goneAfterMs) continue;
      log.info('Peel went quiet', { peel_id: peel, lastSeen: Math.round(clock.now() - quietMs) });
      become(peel, { ...record, online: false, since: clock.now() });
    }
    for (const { peel, welcome } of instances.settle(now)) {
      if (welcome) decided.welcome(peel, welcome.run);
      if (records.get(peel)?.refused?.length && !instances.isDoubled(peel)) decided.forgive(peel);
      isBack(peel);
    }
  };
  const sweeping = repeat(sweepMs, sweep, (error) => log.error('Presence not looked at', { error }));

  return {
    isOnline: (peel) => records.get(peel)?.online === true,
    find: (peel) => records.get(peel),
    runOf: (peel) => instances.runOf(peel),
    mayRepeat: (peel, since) => instances.isSame(peel, since),
    warning(peel) {
      if (instances.isDoubled(peel)) {
        return `${toHuman(peel)}: two machines have this id; the one that came second is refused`;
      }
      const skew = clocks.skewMs(peel);
      return skew !== undefined && isOff(skew) ? `${toHuman(peel)}: ${skewText(skew)}` : undefined;
    },
    skewMs: (peel) => clocks.skewMs(peel),
    get online() {
      let count = 0;
      for (const { online } of records.values()) if (online) count++;
      return count;
    },
    get doubled() {
      return instances.doubled;
    },
    async forget(peel) {
      records.delete(peel);
      lastBeat.delete(peel);
      instances.forget(peel);
      clocks.forget(peel);
      stored.forget(peel);
      await kv.purge(peel);
    },
    async restore() {
      for (const [peel, record] of records) await kv.put(peel, encode(record));
      return records.size;
    },
    onOnline: (callback) => void returning.add(callback),
    onBeat: (callback) => void beating.add(callback),
    async [Symbol.asyncDispose]() {
      sweeping[Symbol.dispose]();
      listening.close();
    },
  };
}

/** A refused process is reminded this often: it may not have heard it, or was started again. */
const remindMs = 10_000;
const tries = 5;

interface Verdicts {
  doubled(peel: string, found: Doubled): void;
  stillThere(peel: string, run: string, now: number, knows: boolean): void;
  /** The process that was refused is the only one left. */
  welcome(peel: string, run: string): void;
  /** Nobody is refused any more. */
  forgive(peel: string): void;
}

/**
 * Two masters must not refuse one each: the verdict is written into the peel's record before anybody is told, and the
 * first that is written counts.
 */
function createVerdicts(parts: {
  readonly kv: KvBucket;
  readonly stored: Records<PresenceRecord>;
  readonly records: Map<string, PresenceRecord>;
  readonly instances: Instances;
  readonly notify: PresenceOptions['notify'];
  readonly clock: Clock;
  readonly log: Log;
}): Verdicts {
  const { kv, stored: store, records, instances, notify, clock, log } = parts;
  const reminded = new Map<string, number>();

  const agree = async (peel: string, { kept, refused }: Doubled): Promise<Doubled> => {
    for (let attempt = 1; ; attempt++) {
      const entry = await kv.get(peel);
      // A damaged one is written anew from what is known here.
      const stored = entry === undefined ? undefined : store.accept(peel, entry.value);
      if (stored?.run === refused.run && stored.refused?.includes(kept.run)) {
        instances.restore(peel, stored, clock.monotonic());
        return { kept: refused, refused: kept };
      }
      const known = stored ?? records.get(peel);
      if (entry === undefined || known === undefined) return { kept, refused };
      const record = { ...known, online: true, run: kept.run, refused: [...instances.refusedRuns(peel)] };
      if ((await kv.update(peel, encode(record), entry.revision)) !== undefined) {
        records.set(peel, record);
        return { kept, refused };
      }
      if (attempt >= tries) throw storeContended();
    }
  };

  const rewrite = (peel: string, change: Partial<PresenceRecord>) => {
    const record = records.get(peel);
    if (record === undefined) return;
    const next = { ...record, ...change };
    records.set(peel, next);
    void kv.put(peel, encode(next)).catch((error) => log.warn('Presence not written', { peel_id: peel, error }));
  };

  const refuse = (peel: string, run: string) => {
    notify(peel, { refused: { run, reason: 'another machine has the same id, and had it first' } });
  };

  return {
    doubled(peel, found) {
      agree(peel, found).then(
        ({ kept, refused }) => {
          log.error('Two machines have one identity', {
            peel_id: peel,
            kept: `${kept.run} on ${kept.machine}`,
            refused: `${refused.run} on ${refused.machine}`,
            hint: 'Give the copy an identity of its own: remove its auth folder, then let it enrol',
          });
          refuse(peel, refused.run);
        },
        (error) => log.warn('Double identity not settled yet', { peel_id: peel, error }),
      );
    },
    stillThere(peel, run, now, knows) {
      if (knows || now - (reminded.get(run) ?? 0) < remindMs) return;
      reminded.set(run, now);
      refuse(peel, run);
    },
    welcome(peel, run) {
      log.info('Refused process is alone now', { peel_id: peel, run });
      rewrite(peel, { run, refused: [...instances.refusedRuns(peel)] });
      notify(peel, { welcome: { run } });
    },
    forgive(peel) {
      log.info('One identity is one machine again', { peel_id: peel });
      rewrite(peel, { refused: [] });
    },
  };
}
