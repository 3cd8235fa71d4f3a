import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type Clock, type Stopwatch, startWatch, toMonotonic } from '#base/time.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import { type OpenedOrder, openKill, openOrder } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';
import type { Return, SignedKill, SignedOrder } from '#wire/job.ts';
import { fast, type Resident } from './fast.ts';
import type { Journal } from './journal.ts';
import type { Outbox } from './outbox.ts';
import { type Route, routeOf } from './routes.ts';
import type { Lane, Running, RunRequest } from './runner.ts';
import type { LocalTree } from './tree.ts';

/** Where work is done: see `routes.ts`. */
export type Lanes = Readonly<Record<Route['lane'], Lane>>;

export interface InboxOptions {
  readonly bus: Bus;
  readonly peel: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly lanes: Lanes;
  readonly trust: () => TrustBundle;
  readonly resident: () => Resident;
  /** The state tree as it is now. */
  readonly tree: () => LocalTree;
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

interface Work extends Running {
  readonly lane: Route['lane'];
  readonly order: OpenedOrder;
  readonly tree: LocalTree;
  readonly watch: Stopwatch;
}

/** More than this many waiting jobs is a mistake of the sender's, not a load. */
const queueLimit = 64;
const killsRemembered = 1_000;

/**
 * Takes orders from the bus. An order is verified, fenced by the ledger, acknowledged, and run in its lane; whatever
 * happens to it ends as one return.
 */
export function openInbox(options: InboxOptions): Inbox {
  const { bus, peel, journal, outbox, lanes, trust, resident, tree, clock, log } = options;
  const running = new Map<string, Work>();
  const answers = new Set<Promise<void>>();
  const killedBefore = new Set<string>();
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
    let order: OpenedOrder;
    try {
      order = openOrder(signed, { peel, trust: trust(), now: clock.now() });
    } catch (error) {
      // An order that proves nothing is not worth an answer: who knows whose job it names.
      counts.refused++;
      log.warn('Order refused', { error });
      return;
    }
    const { request } = order;
    const { jid } = request;
    if (journal.knows(jid)) {
      counts.duplicates++;
      bus.publish(channels.ack, { jid, peel }, { jid, state: running.has(jid) ? 'running' : 'unknown' });
      return;
    }
    if (killedBefore.delete(jid)) return refuse(order, 'killed', killed('before it arrived'));
    if (draining) return refuse(order, 'refused', errorBody(stopping()));

    const resident = fast.get(request.function);
    if (resident) return runResident(order, resident);
    runInLane(order);
  };

  const runResident = (order: OpenedOrder, run: NonNullable<ReturnType<typeof fast.get>>) => {
    const watch = startWatch(clock);
    counts.accepted++;
    try {
      answer(order, { status: 'done', success: true, value: run(order.request, resident()) }, watch);
    } catch (error) {
      answer(order, { status: 'done', success: false, error: errorBody(error) }, watch);
    }
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
    if (lane.depth > mayWait) return refuse(order, 'refused', errorBody(inProgress(atWork(name), lane.depth)));
    if (lane.depth >= queueLimit) return refuse(order, 'refused', errorBody(busy(lane.depth)));
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
    const ahead = lane.depth;
    bus.publish(channels.ack, { jid, peel }, { jid, state: ahead < lane.width ? 'running' : 'queued', ahead });
    log.info('Job accepted', { jid, function: request.function, operator: operator.name, ahead });
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
    const work = lanes[lane].run(request, ({ done, total, text }) => {
      bus.publish(
        channels.progress,
        { jid, peel },
        { jid, done, ...(total === undefined ? {} : { total }), ...(text ? { text } : {}) },
      );
    });
    running.set(jid, { ...work, lane, order, tree: request.tree, watch });
    const { status, result } = await work.end;
    running.delete(jid);
    const { success, ...given } = result;
    answer(order, { status, success: success && status === 'done', ...given }, watch);
    log.info('Job finished', { jid, status, success, ms: watch.elapsed() });
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
      peel,
      facts: { ...facts, grains },
      settings,
      tree: tree(),
    };
  };

  const kill = async (signed: SignedKill) => {
    let jid: string;
    try {
      jid = openKill(signed, { trust: trust(), now: clock.now() }).jid;
    } catch (error) {
      counts.refused++;
      log.warn('Order to kill refused', { error });
      return;
    }
    const work = running.get(jid);
    if (work) {
      work.kill();
      await work.end;
    } else if (!journal.knows(jid)) {
      if (killedBefore.size < killsRemembered) killedBefore.add(jid);
    }
    bus.publish(channels.ack, { jid, peel }, { jid, state: work ? 'killed' : 'unknown' });
    log.info('Job killed', { jid, running: work !== undefined });
  };

  const listening: readonly Listening[] = [
    bus.listen(channels.command, { peel }, ({ body }) => take(body)),
    bus.listen(channels.kill, { peel }, ({ body }) => void kill(body)),
  ];
  const close = () => {
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
        const error = errorBody(interrupted(jid));
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

function killed(when: string): ErrorBody {
  return { family: 'machine', code: 'JOB_KILLED', message: `Cannot run the job: it was killed ${when}` };
}

function busy(waiting: number): ZesterError {
  return new ZesterError('machine', 'PEEL_BUSY', `Cannot queue the job: ${waiting} are waiting already`, {
    hint: 'Wait, or end one of them with "zester job kill"',
  });
}

function inProgress(work: Work | undefined, depth: number): ZesterError {
  const waiting = depth > 1 ? `, ${depth - 1} ${depth === 2 ? 'waits' : 'wait'} for it` : '';
  const { request, operator } = work?.order ?? {};
  const what = request === undefined ? 'another run' : `"${request.function}" of job ${request.jid}`;
  const since = work === undefined ? {} : { since: new Date(work.watch.startedAt).toISOString() };
  return new ZesterError(
    'machine',
    'RUN_IN_PROGRESS',
    `Cannot start the run: ${what} is at work on this machine${waiting}`,
    {
      details: { ...since, ...(operator === undefined ? {} : { operator: operator.name }) },
      hint: `Leave "queue" out to wait for it, or end it with: zester job kill ${request?.jid ?? '<jid>'}`,
    },
  );
}

function mayHaveRun(jid: string, lostUntil: number): ZesterError {
  return new ZesterError(
    'machine',
    'JOB_MAYBE_RUN',
    `Cannot run "${jid}": it may have run before, the disk of this machine lost a part of what was accepted`,
    {
      details: { until: new Date(lostUntil).toISOString() },
      hint: 'Look at the machine, then start the job anew; jobs that are started after "until" are run',
    },
  );
}

function stopping(): ZesterError {
  return new ZesterError('machine', 'PEEL_STOPPING', 'Cannot run the job: the peel is stopping', {
    hint: 'Ask again in a moment',
  });
}

function interrupted(jid: string): ZesterError {
  return new ZesterError(
    'machine',
    'JOB_INTERRUPTED',
    `Cannot tell how "${jid}" ended: the peel was stopped while it ran`,
    {
      hint: 'Look at the machine before running it again',
    },
  );
}
