import type { KeptStream } from '#bus/stream.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { addressOf, subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import type { Return, StoredReturn } from '#wire/job.ts';

/** What the stream of returns holds: the only record of what peels answered. */
export interface Returns {
  /** What a peel stored, checked: signed by its key, and about this job. Throws as `openReturn` does. */
  open(jid: string, peel: string, payload: Uint8Array): Return;
  /** All that is stored for a job, as it is stored. */
  stored(jid: string): AsyncIterable<StoredReturn>;
  /** Peels that stored anything for a job: one question, however many they are. */
  answered(jid: string): Promise<ReadonlySet<string>>;
  /** What these peels stored, those that stored anything. */
  of(jid: string, peels: readonly string[]): Promise<StoredReturn[]>;
  chunk(jid: string, peel: string, index: number): Promise<Uint8Array | undefined>;
}

export type PeelKeys = (peel: string) => readonly string[];

export function openReturns(stream: KeptStream, keysOf: PeelKeys): Returns {
  return {
    open: (jid, peel, payload) => openReturn(payload, { jid, peel, keys: keysOf(peel) }),
    async *stored(jid) {
      for await (const { subject, data } of stream.messages(subjectOf(channels.return, { jid }))) {
        yield { peel: addressOf(channels.return, subject).peel, payload: data };
      }
    },
    async answered(jid) {
      const subjects = await stream.subjects(subjectOf(channels.return, { jid }));
      return new Set(subjects.map((subject) => addressOf(channels.return, subject).peel));
    },
    async of(jid, peels) {
      const read = async (peel: string): Promise<StoredReturn[]> => {
        const payload = await stream.last(subjectOf(channels.return, { jid, peel }));
        return payload === undefined ? [] : [{ peel, payload }];
      };
      return (await Promise.all(peels.map(read))).flat();
    },
    chunk: (jid, peel, index) => stream.last(subjectOf(channels.chunk, { jid, peel, index: String(index) })),
  };
}
