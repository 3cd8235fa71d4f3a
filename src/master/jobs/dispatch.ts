import type { KV } from '@nats-io/kv';
import { ZesterError } from '#base/errors.ts';
import { isJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { type Clock, durationText } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { signOrder, type Verified } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { DispatchReply, JobRecord, JobRequest, SignedRequest } from '#wire/job.ts';
import type { Presence } from '../presence.ts';
import type { Board, Tracked } from './board.ts';
import { decodeRecord, encodeRecord, packPeels, requestOf } from './record.ts';

export interface DispatchOptions {
  readonly bus: Bus;
  readonly jobs: KV;
  readonly active: KV;
  readonly board: () => Board;
  readonly presence: Presence;
  readonly resolve: (target: string) => readonly string[];
  readonly verify: (signed: SignedRequest) => Verified<JobRequest>;
  /** The key that signs now; it may rotate. */
  readonly key: () => SigningKey;
  readonly master: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Dispatch {
  /** Throws `TARGET_EMPTY`, `JID_CONFLICT`, and what the target and the request's proof refuse. */
  submit(signed: SignedRequest): Promise<DispatchReply>;
  /** The same order once more, for peels that said nothing: the ledger of one that has it ignores it. */
  resend(job: Tracked, peels: readonly string[]): void;
}

const longestMs = 24 * 3_600_000;

/**
 * Turns a request into a job. The record is stored before anything is sent, and tracked before anything can come
 * back: a master that dies in between leaves a job that any other sends again.
 */
export function createDispatch(options: DispatchOptions): Dispatch {
  const { bus, jobs, active, board, presence, resolve, verify, key, master, clock, log } = options;

  const send = (record: JobRecord, epoch: number, all: readonly string[], chosen: ReadonlySet<string> | undefined) => {
    const { request, jwt, signature, operator, created, deadline } = record;
    const order = signOrder(
      // However often and by whichever master it is sent, it is the order that was made then.
      { request: { request, jwt, signature }, operator, issuedAt: created, deadline, epoch, peels: all },
      key(),
    );
    for (const [index, peel] of all.entries()) {
      if (chosen && !chosen.has(peel)) continue;
      bus.publishBytes(subjectOf(channels.command, { peel }), encode(order.for(index)));
    }
  };

  return {
    async submit(signed) {
      const { request, operator } = verify(signed);
      const { jid, target, timeoutMs } = request;
      if (!isJid(jid))
        throw new ZesterError('usage', 'JID_MALFORMED', `Cannot start the job "${jid}": its id is no KSUID`);
      if (timeoutMs > longestMs) throw tooLong(timeoutMs);
      const peels = resolve(target);
      if (peels.length === 0) throw empty(target);

      const now = clock.now();
      const record: JobRecord = {
        v: 1,
        jid,
        request: signed.request,
        jwt: signed.jwt,
        signature: signed.signature,
        operator: operator.name,
        function: request.function,
        target,
        test: request.test,
        peels: packPeels(peels),
        targets: peels.length,
        created: now,
        deadline: now + timeoutMs,
        state: 'running',
        owner: master,
      };
      const [epoch] = await Promise.all([persist(jobs, record), active.put(jid, encode({ owner: master }))]);
      if (epoch === undefined) return known(await jobs.get(jid), signed, jid);

      log.info('Dispatch request received', {
        jid,
        operator: operator.name,
        function: request.function,
        target,
        targets: peels.length,
      });
      board().track(record, epoch);
      send(record, epoch, peels, undefined);
      const offline = peels.filter((peel) => !presence.isOnline(peel));
      return { jid, peels: [...peels], offline, deadline: record.deadline };
    },
    resend(job, peels) {
      log.info('Order sent again', { jid: job.record.jid, peels: peels.length });
      send(job.record, job.revision, [...job.peels], new Set(peels));
    },
  };
}

/** The new record's revision; undefined when the jid is taken. */
async function persist(jobs: KV, record: JobRecord): Promise<number | undefined> {
  try {
    return await jobs.create(record.jid, encodeRecord(record));
  } catch (error) {
    if (/wrong last sequence|already exists/i.test(String(error))) return undefined;
    throw error;
  }
}

/** A submit that came twice is one job; a different one under the same id is refused. */
function known(entry: Awaited<ReturnType<KV['get']>>, signed: SignedRequest, jid: string): DispatchReply {
  const record = entry && decodeRecord(entry.value);
  if (record && Buffer.compare(record.request, signed.request) === 0) {
    return { jid, peels: [], offline: [], deadline: record.deadline };
  }
  const taken = record ? ` by "${requestOf(record).function}"` : '';
  throw new ZesterError('usage', 'JID_CONFLICT', `Cannot start the job "${jid}": the id is taken${taken}`, {
    hint: 'Start it without an id, and a new one is made',
  });
}

function empty(target: string): ZesterError {
  return new ZesterError('usage', 'TARGET_EMPTY', `Cannot start the job: no peel matches "${target}"`, {
    hint: `See how it is read with: zester target '${target}'`,
  });
}

function tooLong(timeoutMs: number): ZesterError {
  return new ZesterError(
    'usage',
    'TIMEOUT_TOO_LONG',
    `Cannot start the job: ${durationText(timeoutMs)} is more than a day`,
  );
}
