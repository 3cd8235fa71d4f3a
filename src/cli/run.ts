import { isError, ZesterError } from '#base/errors.ts';
import { newJid, toHuman } from '#base/ids.ts';
import { delay, durationText, startWatch } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { DispatchReply, JobRequest, JobStatus, Progress, Return, SignedRequest, StoredReturn } from '#wire/job.ts';
import { noReturnWithin, noReturnYet } from './answers.ts';
import type { JobDraft } from './parse.ts';
import { createFleetView, type FleetView } from './report/fleet.ts';
import { exitOfJob, finishedEvent, type JobReport, plainResult } from './report/job.ts';
import { liveText } from './report/live.ts';
import { type PeelResult, refusedOf, resultOf } from './report/result.ts';
import { shownValue } from './report/shown.ts';
import { count } from './report/table.ts';
import { Tally } from './report/tally.ts';
import { askedPeels, type OpenReturn, returnOpener, storedPages } from './returns.ts';
import type { Session } from './session.ts';

export interface RunOptions {
  /** Print the jid and leave it to the masters. */
  readonly detach: boolean;
  /** How long to wait for stragglers after the deadline. */
  readonly graceMs?: number;
  /** True for whoever needs every answer when the job is over; programs that read JSON always do. */
  readonly keep?: boolean;
}

const progressAfterMs = 2_000;
const drawEveryMs = 100;
/** Peels that were told to stop say so soon. */
const stopWithinMs = 5_000;
const unreachableReason = 'it is away, or says nothing; it runs the job if it is back before the deadline';
/** How long a submit that was cut off is asked after. */
const askAgainMs = 30_000;
const askEveryMs = 500;
/** The word that a job is over may overtake the last returns. */
const lastReturnsMs = 200;
/** A master that has said nothing for so long is asked whether the job is over: its word may have been lost. */
const newsAfterMs = 5_000;

/**
 * Starts a job and listens to it until every peel answered, is known to be unreachable, or the deadline is over.
 * That ends the waiting, not the job: it stays open for whoever is silent.
 * Throws `SUBMIT_UNKNOWN`, `NOTHING_MATCHED`, and what the master refuses.
 */
export async function runJob(draft: JobDraft, session: Session, options: RunOptions): Promise<JobReport> {
  const watch = startWatch(session.clock);
  const { startedAt } = watch;
  const jid = newJid(startedAt);
  const isRead = session.format !== 'text' && !session.streams;
  const job = new Listener(jid, session, options.keep === true || isRead);
  const bus = await session.bus();
  // Listening comes first: the server sees both in this order, so no return is missed.
  // Who leaves the job to the masters shows nothing of it.
  using _returns = options.detach
    ? undefined
    : bus.subscribe(channels.returned, { jid }, ({ peel }, payload) => job.takeReturn({ peel, payload }));
  using _status = bus.listen(channels.status, { jid }, ({ body }) => job.takeStatus(body));
  // Only a person who watches is told how far it is: of a thousand peels that is a message for every state.
  using _progress =
    session.terminal || session.streams
      ? bus.listen(channels.progress, { jid }, ({ body, address }) => job.takeProgress(address.peel, body))
      : undefined;
  const { timeoutMs, test, target, args, id } = draft;
  const request: JobRequest = {
    v: 1,
    jid,
    target,
    function: draft.function,
    ...(id === undefined ? {} : { id }),
    args,
    test,
    timeoutMs,
    issuedAt: startedAt,
  };
  const accepted = await dispatch(jid, await session.sign('job', request), session);
  const { peels: some = [], nextPeel, deadline, warnings = [] } = accepted;
  const peels = await askedPeels({ jid, peels: some, nextPeel }, session);
  if (peels.length === 0) throw nothingMatched(target);

  const reportOf = (ended: JobReport['ended']): JobReport => ({
    jid,
    function: draft.function,
    test,
    peels: peels.map(toHuman),
    tally: job.tally,
    results: job.results,
    ms: watch.elapsed(),
    ended,
    ...(ended === 'open' && deadline !== undefined ? { openUntil: deadline } : {}),
  });
  session.emit('dispatched', {
    jid,
    function: draft.function,
    target,
    test,
    peels: peels.map(toHuman),
    deadline,
    warnings,
  });
  if (options.detach) return finished(reportOf('detached'), session);

  session.note(`Job ${jid} dispatched to ${count(peels.length, 'peel')}`);
  for (const warning of warnings) session.note(`Warning: ${visible(warning)}`);
  job.expect(peels);
  const ended = await waitFor(job, { ...options, jid, endMs: timeoutMs, session });
  const isLeft = ended === 'left' || ended === 'killed';
  if (!isLeft && job.missing.length > 0) await catchUp(job, jid, session);
  await job.settled();
  const silent = job.missing.length;
  if (ended === 'deadline' && silent > 0) {
    const received = `received ${peels.length - silent}/${peels.length} returns for job ${jid}`;
    session.note(`Timeout: ${received} within ${durationText(timeoutMs)} (--timeout)`);
  }
  job.close(
    isLeft ? { status: 'pending', reason: noReturnYet } : { status: 'unreachable', reason: noReturnWithin(timeoutMs) },
  );
  return finished(reportOf(ended === 'done' && silent > 0 && !job.isOver ? 'open' : ended), session);
}

function finished(report: JobReport, session: Session): JobReport {
  session.emit('finished', finishedEvent(report, exitOfJob(report)));
  return report;
}

/**
 * The jid makes a request that is sent again the same job. When the answer was cut off, nobody here knows whether it
 * was accepted: the same request is sent until somebody says so. Throws `SUBMIT_UNKNOWN`, and what the master refuses.
 */
async function dispatch(jid: string, signed: SignedRequest, session: Session): Promise<DispatchReply> {
  const started = session.clock.now();
  let wasCutOff = false;
  for (;;) {
    try {
      return await session.ask(channels.dispatch, signed, 10_000);
    } catch (error) {
      // Nobody was there to take it, or it was refused in so many words: nothing is open.
      if (!isError(error, ...cutOff) && !(wasCutOff && isError(error) && error.family === 'unreachable')) throw error;
      if (session.clock.now() - started > askAgainMs) throw unknownWhether(jid, error);
      if (!wasCutOff) session.note(`The answer was cut off: asking whether job ${jid} was accepted`);
      wasCutOff = true;
      await delay(askEveryMs);
    }
  }
}

const cutOff: readonly string[] = ['BUS_SILENT', 'STORE_SILENT', 'SUBMIT_UNCERTAIN'];

/**
 * What is known of a running job: the first return of each peel counts, and beats "unreachable". Answers are shown and
 * counted as they come; they are kept where somebody needs them.
 */
class Listener {
  readonly #jid: string;
  readonly #open: OpenReturn;
  readonly #session: Session;
  readonly #keeps: boolean;
  readonly #heard = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #unreachable = new Set<string>();
  readonly #progress = new Map<string, Progress>();
  readonly #kept: PeelResult[] = [];
  readonly tally = new Tally();
  /** Those that have not answered, and of them those that are worth waiting for. */
  readonly #missing = new Set<string>();
  readonly #awaited = new Set<string>();
  #view: FleetView | undefined;
  /** Answers that came before it was known how many there will be. */
  readonly #early: PeelResult[] = [];
  #opening = Promise.resolve();
  #isOver = false;
  #heardAt: number;
  #wake: () => void = () => {};

  constructor(jid: string, session: Session, keeps: boolean) {
    this.#jid = jid;
    this.#open = returnOpener(jid, session);
    this.#session = session;
    this.#keeps = keeps;
    this.#heardAt = session.clock.now();
  }

  expect(peels: readonly string[]): void {
    for (const peel of peels) {
      if (this.#answered.has(peel)) continue;
      this.#missing.add(peel);
      if (!this.#unreachable.has(peel)) this.#awaited.add(peel);
    }
    this.#view = createFleetView(peels.length, this.#session.style);
    for (const result of this.#early.splice(0)) this.#show(result);
  }

  takeReturn(stored: StoredReturn): void {
    if (this.#heard.has(stored.peel)) return;
    this.#heard.add(stored.peel);
    const opened = this.#open(stored);
    this.#opening = this.#opening.then(async () => this.take(await opened));
  }

  take(returned: Return): void {
    this.#answer(returned.peel, resultOf(returned));
  }

  takeProgress(peel: string, progress: Progress): void {
    this.#progress.set(peel, progress);
    this.#session.emit('progress', { ...progress, peel: toHuman(peel) });
  }

  takeStatus({ state, unreachable, refused = [] }: JobStatus): void {
    for (const peel of unreachable) {
      this.#unreachable.add(peel);
      this.#awaited.delete(peel);
    }
    for (const each of refused) this.#answer(each.peel, refusedOf(each));
    this.#isOver = state !== 'running';
    this.#news();
  }

  #answer(peel: string, result: PeelResult): void {
    if (this.#answered.has(peel)) return;
    this.#answered.add(peel);
    this.#missing.delete(peel);
    this.#awaited.delete(peel);
    this.#progress.delete(peel);
    this.#show(result);
    this.#news();
  }

  #show(result: PeelResult): void {
    if (this.#view === undefined) {
      this.#early.push(result);
      return;
    }
    this.tally.add(result);
    if (this.#keeps) this.#kept.push(result);
    if (this.#session.streams) this.#session.emit('return', plainResult(this.#jid, result));
    if (this.#session.format === 'text') this.#session.write(this.#view.add(shownValue(result)));
  }

  /** Says of who has not answered what they are, and what was left to say of the others. */
  close({ status, reason }: { readonly status: PeelResult['status']; readonly reason: string }): void {
    for (const peel of this.missing) {
      const isAway = this.#unreachable.has(peel);
      this.#show({
        peel: toHuman(peel),
        status: isAway ? 'unreachable' : status,
        reason: isAway ? unreachableReason : reason,
      });
    }
    this.#session.write(this.#view?.rest() ?? '');
  }

  #news(): void {
    this.#heardAt = this.#session.clock.now();
    this.#wake();
  }

  /** When a master or a peel last said something. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get missing(): string[] {
    return [...this.#missing];
  }

  /** Peels that were asked. */
  get total(): number {
    return this.#answered.size + this.#missing.size;
  }

  get isComplete(): boolean {
    return this.#awaited.size === 0;
  }

  /** A master says that it ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Of those that are waited for the one that is least far, as far as it has said. */
  get slowest(): { readonly peel: string; readonly progress: string } | undefined {
    let least: { readonly peel: string; readonly share: number } | undefined;
    for (const peel of this.#awaited) {
      const { done = 0, total = 1 } = this.#progress.get(peel) ?? {};
      const share = done / total;
      if (least === undefined || share < least.share) least = { peel, share };
    }
    if (least === undefined) return undefined;
    const { done, total, text } = this.#progress.get(least.peel) ?? {};
    if (done === undefined) return { peel: toHuman(least.peel), progress: '' };
    const far = total === undefined ? done : `${done}/${total}`;
    return { peel: toHuman(least.peel), progress: ` ${far}${text === undefined ? '' : ` ${text}`}` };
  }

  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** When all that arrived is shown. */
  settled(): Promise<void> {
    return this.#opening;
  }

  /** By the names of peels; empty where they are not kept. */
  get results(): PeelResult[] {
    return this.#kept.toSorted((a, b) => (a.peel < b.peel ? -1 : 1));
  }
}

interface Waiting extends RunOptions {
  readonly jid: string;
  readonly endMs: number;
  readonly session: Session;
}

async function waitFor(
  job: Listener,
  { jid, endMs, graceMs = 5_000, session }: Waiting,
): Promise<'done' | 'deadline' | 'left' | 'killed'> {
  const watch = startWatch(session.clock);
  let drawAt = progressAfterMs;
  let isInterrupted = false;
  using _interrupt = session.onInterrupt(() => {
    isInterrupted = true;
  });
  for (;;) {
    const elapsed = watch.elapsed();
    if (job.isComplete) break;
    if (isInterrupted) {
      isInterrupted = false;
      const answer = await interrupted(job, jid, session);
      if (answer !== 'wait') return answer;
    }
    // The master has everything that is stored. What has reached us is being opened, what has not is fetched by the caller.
    if (job.isOver) {
      await job.settled();
      if (!job.isComplete) await job.changed(lastReturnsMs);
      break;
    }
    if (elapsed >= endMs + graceMs) return 'deadline';
    if (session.clock.now() - job.heardAt > newsAfterMs) await askForNews(job, jid, session);
    if (elapsed >= drawAt) {
      session.progress(progressText(job, elapsed));
      drawAt = elapsed + drawEveryMs;
    }
    await job.changed(250);
  }
  session.progress();
  return 'done';
}

/** The word that a job is over is said once: whoever was away then has to ask. */
async function askForNews(job: Listener, jid: string, session: Session): Promise<void> {
  try {
    const { job: known } = await session.ask(channels.jobReturns, { jid, limit: 1 }, 2_000);
    const { state = 'running', refused = [] } = known ?? {};
    job.takeStatus({ jid, state, unreachable: [], refused });
  } catch (error) {
    if (!isError(error)) throw error;
  }
}

function progressText({ tally, total, slowest }: Listener, elapsedMs: number): string {
  return liveText({ tally, total, elapsedMs, slowest });
}

async function interrupted(job: Listener, jid: string, session: Session): Promise<'left' | 'killed' | 'wait'> {
  session.progress();
  const question = `\nJob ${jid} still runs on ${count(job.missing.length, 'peel')}. Kill it, leave it running, or wait? [k/l/w] `;
  const answer = await session.question(question);
  if (answer?.startsWith('w')) return 'wait';
  if (!answer?.startsWith('k')) return 'left';
  const signed = await session.sign('kill', { v: 1, jid, issuedAt: session.clock.now() });
  const { silent = [] } = await session.ask(channels.jobKill, signed, 15_000);
  await heard(job, new Set(silent), session);
  return 'killed';
}

/** What was stopped says so: the report is to have what is known of it. */
async function heard(job: Listener, silent: ReadonlySet<string>, session: Session): Promise<void> {
  const watch = startWatch(session.clock);
  while (job.missing.some((peel) => !silent.has(peel)) && watch.elapsed() < stopWithinMs) await job.changed(250);
}

/** A return that was stored while nobody listened is read from the store. */
async function catchUp(job: Listener, jid: string, session: Session): Promise<void> {
  try {
    for await (const { returns } of storedPages(jid, session)) for (const returned of returns) job.take(returned);
  } catch (error) {
    if (!isError(error)) throw error;
    session.note(`Cannot read the stored returns: ${error.message}`);
  }
}

function unknownWhether(jid: string, cause: unknown): ZesterError {
  return new ZesterError(
    'unreachable',
    'SUBMIT_UNKNOWN',
    `Cannot tell whether the job "${jid}" was accepted: the connection was cut, and nobody answers`,
    { cause, hint: `When masters are back, look with: zester job show ${jid}` },
  );
}

function nothingMatched(target: string): ZesterError {
  return new ZesterError('usage', 'NOTHING_MATCHED', 'No peels matched the target expression.', {
    hint: `See how it is read with: zester target '${target}'`,
  });
}
