import type { StreamReader } from '#bus/stream.ts';
import { addressOf, subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { decode } from '#wire/codec.ts';
import { Return } from '#wire/job.ts';

/** What the stream of returns holds: the only record of what peels answered. */
export interface Returns {
  /** Who returned to a job, and whether it succeeded, without the bodies. */
  stored(jid: string): AsyncIterable<{ readonly peel: string; readonly success: boolean }>;
  /** The returns of these peels, those that have any. */
  of(jid: string, peels: readonly string[]): Promise<Return[]>;
  chunk(jid: string, peel: string, index: number): Promise<Uint8Array | undefined>;
}

export function openReturns(stream: StreamReader): Returns {
  return {
    async *stored(jid) {
      for await (const { subject, header } of stream.headers(subjectOf(channels.return, { jid }))) {
        yield { peel: addressOf(channels.return, subject).peel, success: header('Zester-Success') === 'true' };
      }
    },
    async of(jid, peels) {
      const bodies = await Promise.all(peels.map((peel) => stream.last(subjectOf(channels.return, { jid, peel }))));
      return bodies.flatMap((body) => (body ? [Return.parse(decode(body))] : []));
    },
    chunk: (jid, peel, index) => stream.last(subjectOf(channels.chunk, { jid, peel, index: String(index) })),
  };
}
