import { isError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type Clock, type Stopwatch, startWatch, toMonotonic } from '#base/time.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import type { Ending } from '#machine/processes/end.ts';
import { type OpenedOrder, openKill, openOrder } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import { decodeAs } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';
import { JobOrder, JobRequest, type Return, type SignedKill, type SignedOrder } from '#wire/job.ts';
import { expired } from '../shared/expired.ts';
import { type Route, routeOf } from '../shared/routes.ts';
import type { RunRequest } from '../shared/run-protocol.ts';
import type { LocalTree } from '../shared/tree.ts';
import { heardAll } from './certain.ts';
import { fast, type Resident, unanswered } from './fast.ts';
import type { Journal } from './journal.ts';
import type { Lane, RunEnd } from './lane.ts';
import type { Outbox } from './outbox.ts';
import { busy, inProgress, interrupted, killedFirst, mayHaveRun, stopping } from './refusals.ts';
import { watchStalls } from './stalls.ts';

/** Where work is done: see `routes.ts`. */
export type Lanes = Readonly<Record<Route['lane'], Lane>>;

export interface InboxOptions {
  readonly bus: Bus;
  readonly peel: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly lanes: Lanes;
  /** Which process this is: an order may be meant for one of them. */
  readonly run: string;
  /** Another process has this peel's id: orders are for that one. */
  readonly isRefused: () => boolean;
  /** An order was for another process: masters do not know of this one. */
  readonly onStranger: () => void;
  readonly trust: () => TrustBundle;
  readonly resident: () => Resident;
  /** The state tree as it is now. */
  readonly tree: () => LocalTree;
  /** What became of the processes that interrupted jobs had started. */
  readonly leftovers?: ReadonlyMap<string, Ending> | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Inbox extends Disposable {
  /** Jobs accepted and not answered yet. */
  readonly busy: number;
  readonly counts: { readonly accepted: number; readonly refused: number; readonly duplicates: number };
  /** The state trees that those jobs read. */
  readonly trees: readonly LocalTree[];
  /** Reports what an earlier life left unfinished. */
  reportInterrupted(): void;
  /** Accepts nothing more; resolves when all that was accepted is answered, or when the signal aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

interface Work {
  readonly end: Promise<RunEnd>;
  kill: () => void;
  readonly lane: Route['lane'];
  readonly order: OpenedOrder;
  readonly tree: LocalTree;
  readonly watch: Stopwatch;
}

/** More than this many waiting jobs is a mistake of the sender's, not a load. */
const queueLimit = 64;
/** A kill of an older master names no deadline: no job is longer than a day. */
const longestMs = 24 * 3_600_000;
/** Kills that could not be written down, because the disk was full. */
const killsRemembered = 1_000;

/**
 * What a peel says of an order that it refuses: a master signed it, or would have, were it not for a clock or a key. An
 * order that proves nothing is not worth an answer: who knows whose job it names.
 */
const worthSaying: ReadonlySet<string> = new Set([
  'ORDER_EXPIRED',
  'ORDER_STRETCHED',
  'ORDER_KEY_EXPIRED',
  'ORDER_KEY_UNKNOWN',
  'REQUEST_STALE',
  'OPERATOR_UNKNOWN',
  'OPERATOR_EXPIRED',
  'OPERATOR_REVOKED',
]);

/**
 * Takes orders from the bus. An order is verified, fenced by the ledger, acknowledged, and run in its lane; whatever
 * happens to it ends as one return.
 */
export function openInbox(options: InboxOptions): Inbox {
  const { bus, peel, journal, outbox, lanes, trust, resident, tree, clock, log, run: ownRun } = options;
  const stalls = watchStalls(clock);
  const running = new Map<string, Work>();
  const answers = new Set<Promise<void>>();
  const killedBefore = new Set<string>();
  /** Accepted, and not given to their lane yet. */
  const asking: Record<Route['lane'], number> = { read: 0, call: 0, run: 0 };
  const counts = { accepted: 0, refused: 0, duplicates: 0 };
  let draining = false;

  const answer = (
    { order: { deadline }, request: { jid } }: OpenedOrder,
    rest: Omit<Return, 'v' | 'jid' | 'peel' | 'ms' | 'startedAt'>,
    { startedAt, elapsed }: Stopwatch,
  ) => {
    const late = elapsed() > deadline - startedAt ? { late: true } : {};
    outbox.send({ v: 1, jid, peel, startedAt, ms: elapsed(), ...late, ...rest }, deadline);
  };

  const refuse = (order: OpenedOrder, status: Return['status'], error: ErrorBody) => {
    counts.refused++;
    answer(order, { status, success: false, error }, startWatch(clock));
  };

  const take = (signed: SignedOrder) => {
    if (signed.run !== undefined && signed.run !== ownRun) return options.onStranger();
    // Silently: a refusal under this id would speak for the other.
    if (options.isRefused()) return;
    let order: OpenedOrder;
    try {
      order = openOrder(signed, { peel, trust: trust(), now: clock.now() });
    } catch (error) {
      counts.refused++;
      log.warn('Order refused', { error });
      return sayRefused(signed, error);
    }
    const { request } = order;
    const { jid } = request;
    if (journal.knows(jid)) {
      counts.duplicates++;
      bus.publish(channels.ack, { jid, peel }, { jid, state: running.has(jid) ? 'running' : 'unknown' });
      return;
    }
    if (killedBefore.delete(jid)) return refuse(order, 'killed', killedFirst('before it arrived'));
    if (draining) return refuse(order, 'refused', errorBody(stopping()));

    if (!answeredAtOnce(order)) runInLane(order);
  };

  const sayRefused = (signed: SignedOrder, error: unknown) => {
    if (!isError(error, ...worthSaying)) return;
    try {
      const { jid } = decodeAs(JobRequest, decodeAs(JobOrder, signed.order, 'order').request, 'request');
      if (journal.knows(jid)) return;
      const { code, message } = error;
      bus.publish(channels.ack, { jid, peel }, { jid, state: 'refused', code, message, now: clock.now() });
    } catch {
      // It names no job.
    }
  };

  const answeredAtOnce = (order: OpenedOrder): boolean => {
    const watch = startWatch(clock);
    const read = fast.get(order.request.function);
    const value = read === undefined ? unanswered : read(order.request, resident());
    if (value === unanswered) return false;
    counts.accepted++;
    answer(order, { status: 'done', success: true, value }, watch);
    return true;
  };

  const runInLane = (order: OpenedOrder) => {
    const {
      order: { deadline },
      request,
      operator,
    } = order;
    const { jid } = request;
    const { lane: name, mayWait } = routeOf(request);
    const lane = lanes[name];
    const depth = lane.depth + asking[name];
    if (depth > mayWait) return refuse(order, 'refused', errorBody(inProgress(atWork(name), depth)));
    if (depth >= queueLimit) return refuse(order, 'refused', errorBody(busy(depth)));
    const issuedAt = Math.min(order.order.issuedAt, request.issuedAt);
    if (name !== 'read' && journal.mayHaveRun(issuedAt)) {
      return refuse(order, 'refused', errorBody(mayHaveRun(jid, journal.lostUntil)));
    }
    try {
      journal.accept({ jid, deadline }, { durable: name !== 'read' });
    } catch (error) {
      // Not in the ledger, so not accepted: nothing is run that could not be reported.
      return refuse(order, 'refused', errorBody(error));
    }
    counts.accepted++;
    bus.publish(channels.ack, { jid, peel }, { jid, state: depth < lane.width ? 'running' : 'queued', ahead: depth });
    log.info('Job accepted', { jid, function: request.function, operator: operator.name, ahead: depth });
    const done = finish(order, name);
    answers.add(done);
    void done.finally(() => answers.delete(done));
  };

  /** The job that has a lane's attention: they come in order. */
  const atWork = (lane: Route['lane']): Work | undefined => [...running.values()].find((each) => each.lane === lane);

  const finish = async (order: OpenedOrder, lane: Route['lane']) => {
    const { jid } = order.request;
    const watch = startWatch(clock);
    const request = runRequest(order);
    const { promise: end, resolve } = Promise.withResolvers<RunEnd>();
    const work: Work = {
      end,
      kill: () => resolve({ status: 'killed', result: { success: false, error: killedFirst('before it started') } }),
      lane,
      order,
      tree: request.tree,
      watch,
    };
    running.set(jid, work);
    void start(work, request, resolve);
    const { status, result } = await end;
    running.delete(jid);
    const { success, ...given } = result;
    answer(order, { status, success: success && status === 'done', ...given }, watch);
    log.info('Job finished', { jid, status, success, ms: watch.elapsed() });
  };

  /** Nothing starts before it is certain that no kill is on its way, nor after the deadline. */
  const start = async (work: Work, request: RunRequest, resolve: (end: RunEnd) => void) => {
    const { jid, dueAt } = request;
    asking[work.lane]++;
    const inTime = await heardAll(bus, { dueAt, clock, stalls }).finally(() => asking[work.lane]--);
    if (!inTime)
      resolve({
        status: 'expired',
        result: { success: false, error: errorBody(expired(request.timeoutMs, 'before it started')) },
      });
    if (!inTime || !running.has(jid)) return;
    const { end, kill } = lanes[work.lane].run(request, ({ done, total, text }) => {
      bus.publish(
        channels.progress,
        { jid, peel },
        { jid, done, ...(total === undefined ? {} : { total }), ...(text ? { text } : {}) },
      );
    });
    work.kill = kill;
    end.then(resolve);
  };

  const runRequest = ({ order: { deadline }, request }: OpenedOrder): RunRequest => {
    const { facts, grains, settings } = resident();
    return {
      jid: request.jid,
      function: request.function,
      id: request.id,
      args: request.args,
      test: request.test,
      dueAt: toMonotonic(clock, deadline),
      timeoutMs: request.timeoutMs,
      peel,
      facts: { ...facts, grains },
      settings,
      tree: tree(),
    };
  };

  const kill = async (signed: SignedKill) => {
    let jid: string;
    let deadline: number;
    try {
      const order = openKill(signed, { trust: trust(), now: clock.now() });
      ({ jid, deadline = clock.now() + longestMs } = order);
    } catch (error) {
      counts.refused++;
      log.warn('Order to kill refused', { error });
      return;
    }
    const work = running.get(jid);
    if (work) {
      work.kill();
      await work.end;
    } else if (!journal.knows(jid)) remember(jid, deadline);
    // After a refusal of ours a word about the job would be a word for the other machine.
    if (options.isRefused() && work === undefined) return;
    bus.publish(channels.ack, { jid, peel }, { jid, state: work ? 'killed' : 'unknown' });
    log.info('Job killed', { jid, running: work !== undefined });
  };

  /** Killed before it came: it is in the ledger, so it never starts here, in this life or the next. */
  const remember = (jid: string, deadline: number) => {
    try {
      journal.accept({ jid, deadline }, { durable: true });
    } catch (error) {
      log.error('Kill kept in memory only', { jid, error });
      if (killedBefore.size < killsRemembered) killedBefore.add(jid);
      return;
    }
    if (options.isRefused()) return;
    const error = killedFirst('before it arrived');
    const now = clock.now();
    outbox.send({ v: 1, jid, peel, status: 'killed', success: false, error, startedAt: now, ms: 0 }, deadline);
  };

  const listening: readonly Listening[] = [
    bus.listen(channels.command, { peel }, ({ body }) => take(body)),
    bus.listen(channels.kill, { peel }, ({ body }) => void kill(body)),
  ];
  const close = () => {
    stalls[Symbol.dispose]();
    for (const each of listening) each.close();
  };

  return {
    get busy() {
      return running.size;
    },
    counts,
    get trees() {
      return [...running.values()].map(({ tree }) => tree);
    },
    reportInterrupted() {
      for (const { jid, deadline } of journal.interrupted()) {
        log.warn('Job interrupted by a restart', { jid });
        const now = clock.now();
        const error = errorBody(interrupted(jid, options.leftovers?.get(jid)));
        outbox.send({ v: 1, jid, peel, status: 'interrupted', success: false, error, startedAt: now, ms: 0 }, deadline);
      }
    },
    async drain(signal) {
      draining = true;
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      while (answers.size > 0 && !signal.aborted) await Promise.race([Promise.all(answers), aborted]);
      close();
    },
    [Symbol.dispose]: close,
  };
}
