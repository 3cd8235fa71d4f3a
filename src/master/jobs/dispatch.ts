import { isError, ZesterError } from '#base/errors.ts';
import { isJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { type Clock, durationText } from '#base/time.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { Bus } from '#bus/bus.ts';
import { outsideError } from '#bus/outside.ts';
import type { Records } from '#bus/records.ts';
import { signOrder, type Verified } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { DispatchReply, JobRecord, JobRequest, SignedRequest } from '#wire/job.ts';
import { pageBytes } from '#wire/limits.ts';
import { pageOf } from '#wire/page.ts';
import type { Presence } from '../presence.ts';
import type { ActiveJobs } from './active-jobs.ts';
import { encodeRecord, packPeels, recordBytes, requestOf, unpackPeels } from './record.ts';
import type { Tracked } from './tracked.ts';

export interface DispatchOptions {
  readonly bus: Bus;
  readonly jobs: KvBucket;
  readonly records: Records<JobRecord>;
  readonly active: KvBucket;
  readonly activeJobs: () => ActiveJobs;
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
const mostWarnings = 20;

/**
 * Turns a request into a job. The record is stored before anything is sent, and tracked before anything can come
 * back: a master that dies in between leaves a job that any other sends again.
 */
export function createDispatch(options: DispatchOptions): Dispatch {
  const { bus, jobs, active, records, activeJobs, presence, resolve, verify, key, master, clock, log } = options;

  const send = (record: JobRecord, epoch: number, all: readonly string[], chosen: ReadonlySet<string> | undefined) => {
    const { request, jwt, signature, operator, created, deadline } = record;
    const order = signOrder(
      // However often and by whichever master it is sent, it is the order that was made then.
      { request: { request, jwt, signature }, operator, issuedAt: created, deadline, epoch, peels: all },
      key(),
    );
    for (const [index, peel] of all.entries()) {
      if (chosen && !chosen.has(peel)) continue;
      const run = presence.runOf(peel);
      const addressed = { ...order.for(index), ...(run === undefined ? {} : { run }) };
      bus.publishBytes(subjectOf(channels.command, { peel }), encode(addressed));
    }
  };

  /** The new record's revision; undefined when the jid is taken. */
  const persist = async (record: JobRecord): Promise<number | undefined> => {
    const { jid } = record;
    const bytes = encodeRecord(record);
    if (bytes.length > recordBytes) throw tooLarge(record, bytes.length);
    try {
      // The list first: what is only on it is no job, while a record that is on no list would be found late.
      await active.put(jid, encode({ owner: master }));
    } catch (error) {
      throw refused(jid, error);
    }
    try {
      return await jobs.create(jid, bytes);
    } catch (error) {
      if (isError(error, 'STORE_SILENT')) throw uncertain(jid, error);
      // Taking it off the list may fail for the same reason; whoever finds it there sees that it is no job.
      void active.delete(jid).catch(() => {});
      throw refused(jid, error);
    }
  };

  const replyOf = ({ jid, deadline }: JobRecord, peels: readonly string[]): DispatchReply => {
    const warnings = peels.flatMap((peel) => presence.warning(peel) ?? []).slice(0, mostWarnings);
    // As many as one reply holds; the asker asks for the rest by the job's id.
    const { rows, next } = pageOf(peels, { keyOf: String, maxBytes: pageBytes / 2 });
    return {
      jid,
      peels: [...rows],
      ...(next === undefined ? {} : { nextPeel: next }),
      offline: rows.filter((peel) => !presence.isOnline(peel)),
      deadline,
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  };

  /** A submit that came twice is one job; a different one under the same id is refused. */
  const known = async (record: JobRecord | undefined, signed: SignedRequest, jid: string): Promise<DispatchReply> => {
    if (record && Buffer.compare(record.request, signed.request) === 0) {
      // The first attempt may have been cut off before anything was sent: an open job is looked after from here.
      if (record.state === 'running') await activeJobs().adopt(jid);
      return replyOf(record, unpackPeels(record.peels).sort());
    }
    const by = record ? ` by "${requestOf(record).function}"` : '';
    throw new ZesterError('usage', 'JID_CONFLICT', `Cannot start the job "${jid}": the id is taken${by}`, {
      hint: 'Start it without an id, and a new one is made',
    });
  };

  return {
    async submit(signed) {
      const { request, operator } = verify(signed);
      const { jid, target, timeoutMs } = request;
      if (!isJid(jid))
        throw new ZesterError('usage', 'JID_MALFORMED', `Cannot start the job "${jid}": its id is no KSUID`);
      if (timeoutMs > longestMs) throw tooLong(timeoutMs);
      const before = await records.find(jid).catch((error) => {
        throw refused(jid, error);
      });
      if (before !== undefined) return known(before.value, signed, jid);
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
      const epoch = await persist(record);
      if (epoch === undefined) return known((await records.find(jid))?.value, signed, jid);

      log.info('Dispatch request received', {
        jid,
        operator: operator.name,
        function: request.function,
        target,
        targets: peels.length,
      });
      activeJobs().track(record, epoch);
      send(record, epoch, peels, undefined);
      return replyOf(record, peels);
    },
    resend(job, peels) {
      // A kill is final: no order of a killed job leaves a master, whatever asked for it.
      if (job.record.killedBy !== undefined) return;
      log.info('Order sent again', { jid: job.record.jid, peels: peels.length });
      send(job.record, job.revision, [...job.peels], new Set(peels));
    },
  };
}

/** What a full store says of the cause, this adds of the job. */
function refused(jid: string, thrown: unknown): unknown {
  const error = outsideError(thrown);
  if (!isError(error)) return error;
  const { family, code, message, hint } = error;
  return new ZesterError(family, code, `Cannot start the job "${jid}": ${message}`, { hint, cause: thrown });
}

/** The store did not say whether it has the record: whoever asks again with the same request learns it. */
function uncertain(jid: string, cause: unknown): ZesterError {
  return new ZesterError(
    'unreachable',
    'SUBMIT_UNCERTAIN',
    `Cannot tell whether the job "${jid}" was accepted: the store did not answer`,
    { cause, hint: `Look with: zester job show ${jid}` },
  );
}

/** The record has all that a peel receives, and more: what fits into it fits into every order. */
function tooLarge({ request, peels }: JobRecord, bytes: number): ZesterError {
  const parts = `${request.length} for what is asked, ${peels.length} for the peels it is asked of`;
  return new ZesterError(
    'usage',
    'REQUEST_TOO_LARGE',
    `Cannot start the job: it takes ${bytes} bytes (${parts}), and ${recordBytes} are allowed`,
    { hint: 'Put what is large into a file of the state tree and name that file, or ask fewer peels at once' },
  );
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
