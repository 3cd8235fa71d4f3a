import { DeliverPolicy, type JetStreamManager, jetstream, ReplayPolicy } from '@nats-io/jetstream';
import type { Bus } from '#bus/bus.ts';
import { addressOf, subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { decode } from '#wire/codec.ts';
import { Return } from '#wire/job.ts';
import { returnsStream } from '#wire/stores.ts';

/** What the stream of returns holds: the only record of what peels answered. */
export interface Returns {
  /** Who returned to a job, and whether it succeeded, without the bodies. */
  stored(jid: string): AsyncIterable<{ readonly peel: string; readonly success: boolean }>;
  /** The returns of these peels, those that have any. */
  of(jid: string, peels: readonly string[]): Promise<Return[]>;
  chunk(jid: string, peel: string, index: number): Promise<Uint8Array | undefined>;
}

export function openReturns(bus: Bus, manager: JetStreamManager): Returns {
  const stream = returnsStream.name;
  return {
    async *stored(jid) {
      const filter = subjectOf(channels.return, { jid });
      const { state } = await manager.streams.info(stream, { subjects_filter: filter });
      const expected = Object.keys(state.subjects ?? {}).length;
      if (expected === 0) return;
      const consumer = await jetstream(bus.connection).consumers.get(stream, {
        filter_subjects: [filter],
        headers_only: true,
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
      });
      const messages = await consumer.fetch({ max_messages: expected, expires: 10_000 });
      for await (const message of messages) {
        const { peel } = addressOf(channels.return, message.subject);
        yield { peel, success: message.headers?.get('Zester-Success') === 'true' };
      }
    },
    async of(jid, peels) {
      const entries = await Promise.all(
        peels.map(async (peel) =>
          manager.direct.getMessage(stream, { last_by_subj: subjectOf(channels.return, { jid, peel }) }),
        ),
      );
      return entries.flatMap((entry) => (entry ? [Return.parse(decode(entry.data))] : []));
    },
    async chunk(jid, peel, index) {
      const subject = subjectOf(channels.chunk, { jid, peel, index: String(index) });
      return (await manager.direct.getMessage(stream, { last_by_subj: subject }))?.data;
    },
  };
}
