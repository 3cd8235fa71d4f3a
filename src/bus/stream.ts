import { DeliverPolicy, type JetStreamManager, jetstream, ReplayPolicy } from '@nats-io/jetstream';
import type { Bus } from './bus.ts';

/** A stream, read without disturbing it. */
export interface KeptStream {
  /** Subjects with at least one message that match the filter, unsorted. */
  subjects(filter: string): Promise<string[]>;
  /** Every message that matches, in the order they were stored. */
  messages(filter: string): AsyncIterable<{ readonly subject: string; readonly data: Uint8Array }>;
  /** Body of the last message on a subject. */
  last(subject: string): Promise<Uint8Array | undefined>;
  /** Drops every message that matches. */
  purge(filter: string): Promise<void>;
}

const fetchMs = 10_000;

export function openStream(bus: Bus, manager: JetStreamManager, stream: string): KeptStream {
  const subjects = async (filter: string) => {
    const { state } = await manager.streams.info(stream, { subjects_filter: filter });
    return Object.keys(state.subjects ?? {});
  };
  return {
    subjects,
    async *messages(filter) {
      const expected = (await subjects(filter)).length;
      if (expected === 0) return;
      const consumer = await jetstream(bus.connection).consumers.get(stream, {
        filter_subjects: [filter],
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
      });
      const messages = await consumer.fetch({ max_messages: expected, expires: fetchMs });
      for await (const { subject, data } of messages) yield { subject, data };
    },
    async last(subject) {
      return (await manager.direct.getMessage(stream, { last_by_subj: subject }))?.data;
    },
    async purge(filter) {
      await manager.streams.purge(stream, { filter });
    },
  };
}
