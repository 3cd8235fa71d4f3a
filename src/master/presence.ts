import type { KV } from '@nats-io/kv';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import { Presence as PresenceRecord } from '#wire/peel.ts';

/**
 * Who is there. Peels beat on a core subject that is stored nowhere; a master counts the beats and writes one record
 * when somebody came or went.
 */
export interface Presence extends AsyncDisposable {
  isOnline(peel: string): boolean;
  find(peel: string): PresenceRecord | undefined;
  readonly online: number;
  forget(peel: string): Promise<void>;
  /** Tells when a peel comes back. */
  onOnline(callback: (peel: string) => void): void;
}

/** Two beats missed and a little more: a peel that vanished is shown within ten seconds. */
const goneAfterMs = 9_000;
const sweepMs = 500;

export interface PresenceOptions {
  readonly bus: Bus;
  readonly kv: KV;
  /** The beats of a revoked peel do not count. */
  readonly isRevoked: (peel: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openPresence({ bus, kv, isRevoked, clock, log }: PresenceOptions): Promise<Presence> {
  const records = new Map<string, PresenceRecord>();
  const lastBeat = new Map<string, number>();
  const callbacks = new Set<(peel: string) => void>();
  const bornAt = clock.monotonic();

  for await (const { key, value } of await currentEntries(kv)) records.set(key, PresenceRecord.parse(decode(value)));

  const become = (peel: string, record: PresenceRecord) => {
    records.set(peel, record);
    // Every master sees the same beats: whoever writes second writes the same.
    void kv.put(peel, encode(record)).catch((error) => log.warn('Presence not written', { peel_id: peel, error }));
    if (record.online) for (const callback of callbacks) callback(peel);
  };

  const listening = bus.listen(
    channels.heartbeat,
    {},
    ({ address: { peel }, body: { state, version, startedAt: started } }) => {
      if (isRevoked(peel)) return;
      const now = clock.now();
      const known = records.get(peel);
      if (state === 'bye') {
        lastBeat.delete(peel);
        if (known?.online) become(peel, { ...known, online: false, since: now });
        return;
      }
      lastBeat.set(peel, clock.monotonic());
      if (known?.online && known.startedAt === started && known.version === version) return;
      become(peel, { online: true, since: known?.online ? known.since : now, version, startedAt: started });
    },
  );

  const timer = setInterval(() => {
    const now = clock.monotonic();
    // A master that has just started has heard nobody yet: it believes the record for as long as a beat may take.
    if (now - bornAt < goneAfterMs) return;
    for (const [peel, record] of records) {
      const quietMs = now - (lastBeat.get(peel) ?? bornAt);
      if (!record.online || quietMs < goneAfterMs) continue;
      log.info('Peel went quiet', { peel_id: peel, lastSeen: Math.round(clock.now() - quietMs) });
      become(peel, { ...record, online: false, since: clock.now() });
    }
  }, sweepMs);

  return {
    isOnline: (peel) => records.get(peel)?.online === true,
    find: (peel) => records.get(peel),
    get online() {
      let count = 0;
      for (const { online } of records.values()) if (online) count++;
      return count;
    },
    async forget(peel) {
      records.delete(peel);
      lastBeat.delete(peel);
      await kv.purge(peel);
    },
    onOnline: (callback) => void callbacks.add(callback),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      listening.close();
    },
  };
}

/** What a bucket holds now, without what was deleted. */
export async function* currentEntries(kv: KV): AsyncGenerator<{ key: string; value: Uint8Array; revision: number }> {
  const status = await kv.status();
  if (status.values === 0) return;
  const watch = await kv.watch({ key: '>' });
  try {
    for await (const entry of watch) {
      if (entry.operation === 'PUT') yield { key: entry.key, value: entry.value, revision: entry.revision };
      if (entry.delta === 0) return;
    }
  } finally {
    watch.stop();
  }
}
