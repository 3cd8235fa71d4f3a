import type { KV } from '@nats-io/kv';
import { ZesterError } from '#base/errors.ts';
import { parseJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { type Clock, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { signKill, type Verified } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { channels } from '#wire/channels.ts';
import type { JobRecord, KillReply, KillRequest, SignedRequest } from '#wire/job.ts';
import type { Presence } from '../presence.ts';
import type { Board } from './board.ts';
import { decodeRecord, unpackPeels } from './record.ts';

export interface KillOptions {
  readonly bus: Bus;
  readonly jobs: KV;
  readonly board: Board;
  readonly presence: Presence;
  readonly verify: (signed: SignedRequest) => Verified<KillRequest>;
  readonly key: () => SigningKey;
  readonly clock: Clock;
  readonly log: Log;
}

/** Peels end their work at once; one that needs longer is named as silent. */
const waitMs = 3_000;

/**
 * Stops a job: the decision is recorded first, then every peel that has not returned is told, and those that are away
 * are told when they come back, until the job's deadline.
 */
export function createKill({ bus, jobs, board, presence, verify, key, clock, log }: KillOptions) {
  const killed = new Map<
    string,
    { readonly record: JobRecord; readonly dueAt: number; readonly pending: Set<string> }
  >();

  const tell = (record: JobRecord, peel: string) => {
    const order = signKill({ v: 1, jid: record.jid, operator: record.killedBy ?? '', issuedAt: clock.now() }, key());
    bus.publish(channels.kill, { peel }, order);
  };

  presence.onOnline((peel) => {
    for (const [jid, { record, dueAt, pending }] of killed) {
      if (clock.monotonic() > dueAt) killed.delete(jid);
      else if (pending.has(peel)) tell(record, peel);
    }
  });

  return async function kill(signed: SignedRequest): Promise<KillReply> {
    const { request, operator } = verify(signed);
    const jid = parseJid(request.jid);
    const job = board.find(jid);
    if (!job) return finished(await jobs.get(jid), jid);

    log.info('Kill request received', { jid, operator: operator.name });
    await board.amend(job, { killedBy: operator.name });
    const waiting = new Set([...job.peels].filter((peel) => !job.returned.has(peel)));
    const stopped: string[] = [];
    const { promise: allStopped, resolve } = Promise.withResolvers<void>();
    using _ = bus.listen(channels.ack, { jid }, ({ address: { peel } }) => {
      if (!waiting.delete(peel)) return;
      stopped.push(peel);
      if (waiting.size === 0) resolve();
    });
    await bus.flush();
    const { record } = job;
    for (const peel of waiting) tell(record, peel);
    if (waiting.size > 0) await Promise.race([allStopped, delay(waitMs)]);
    if (waiting.size > 0) killed.set(jid, { record, dueAt: job.dueAt, pending: waiting });
    await board.end(job, 'killed');
    return { jid, state: 'killed', stopped: stopped.sort(), silent: [...waiting].sort() };
  };
}

function finished(entry: Awaited<ReturnType<KV['get']>>, jid: string): KillReply {
  if (!entry) {
    throw new ZesterError('usage', 'JOB_UNKNOWN', `Cannot stop "${jid}": there is no such job`, {
      hint: 'List them with: zester job list',
    });
  }
  const record = decodeRecord(entry.value);
  throw new ZesterError(
    'usage',
    'JOB_ENDED',
    `Cannot stop "${jid}": it ended as ${record.state}, on ${unpackPeels(record.peels).length} peels`,
  );
}
