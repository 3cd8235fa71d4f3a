import { isError } from '#base/errors.ts';
import { channels } from '#wire/channels.ts';
import type { JobSummary, StoredReturn } from '#wire/job.ts';
import { answersOf } from './answers.ts';
import { type PeelResult, resultOf } from './report/result.ts';
import { returnOpener, storedJob } from './returns.ts';
import type { Session } from './session.ts';

/** How often a master is asked when nothing was heard: a word of the end may have been lost. */
const askEveryMs = 2_000;

export interface Followed {
  readonly job: JobSummary;
  /** Of every peel, by its id. */
  readonly results: readonly PeelResult[];
  /** True when the person left before the end. */
  readonly left: boolean;
}

/**
 * Waits until a job that somebody started has ended, or until Ctrl-C, which ends the waiting and not the job. `onResult` is
 * given each peel's answer once, those that are stored already first. Throws `JOB_UNKNOWN`.
 */
export async function followJob(
  jid: string,
  session: Session,
  onResult: (result: PeelResult, job: JobSummary) => void = () => {},
): Promise<Followed> {
  const bus = await session.bus();
  const open = returnOpener(jid, session);
  const seen = new Set<string>();
  // Who shows answers wants to know of how many peels: until then they wait.
  const summary = Promise.withResolvers<JobSummary>();
  let shown: Promise<unknown> = summary.promise;
  const take = ({ peel, payload }: StoredReturn) => {
    if (seen.has(peel)) return;
    seen.add(peel);
    shown = shown.then(async () => onResult(resultOf(await open({ peel, payload })), await summary.promise));
  };
  const news = newsOf();
  using _interrupt = session.onInterrupt(news.leave);
  // Listening comes first: what is stored meanwhile is heard or read, and shown once.
  using _returns = bus.subscribe(channels.returned, { jid }, ({ peel }, payload) => take({ peel, payload }));
  using _status = bus.listen(channels.status, { jid }, ({ body }) => {
    if (body.state !== 'running') news.tell();
  });

  for (let isFirst = true; ; isFirst = false) {
    const job = isFirst ? await firstLook(jid, session, seen, onResult) : await summaryOf(jid, session);
    if (job && isFirst) summary.resolve(job);
    const isOver = job !== undefined && job.state !== 'running';
    if (isOver || news.hasLeft()) {
      await shown;
      const { job: stored, results } = await whole(jid, session);
      // What passed by unheard, and who said nothing.
      for (const each of results) if (isOver && !seen.has(each.peel.replaceAll('.', '_'))) onResult(each, stored);
      return { job: stored, results, left: !isOver };
    }
    if (job) session.progress(`${job.returned} of ${job.targets} peels have answered`);
    await news.within(askEveryMs);
  }
}

/** What there is already, and the job. */
async function firstLook(
  jid: string,
  session: Session,
  seen: Set<string>,
  onResult: (result: PeelResult, job: JobSummary) => void,
): Promise<JobSummary> {
  const { job, returns } = await storedJob(jid, session);
  for (const each of returns) {
    if (seen.has(each.peel)) continue;
    seen.add(each.peel);
    onResult(resultOf(each), job);
  }
  return job;
}

/** Nothing while no master answers: that is no end of the waiting. */
async function summaryOf(jid: string, session: Session): Promise<JobSummary | undefined> {
  try {
    return (await session.ask(channels.jobReturns, { jid, limit: 1 }, askEveryMs)).job;
  } catch (error) {
    if (isError(error) && error.family === 'unreachable') return undefined;
    throw error;
  }
}

/** The job as it is stored, with what became of every peel. */
async function whole(jid: string, session: Session): Promise<Omit<Followed, 'left'>> {
  const results: PeelResult[] = [];
  let job: JobSummary | undefined;
  for await (const answer of answersOf(jid, session)) {
    job = answer.job;
    results.push(answer.result);
  }
  return { job: job as JobSummary, results: results.toSorted((a, b) => (a.peel < b.peel ? -1 : 1)) };
}

function newsOf() {
  let wake = () => {};
  let left = false;
  let isNew = false;
  const tell = () => {
    isNew = true;
    wake();
  };
  return {
    tell,
    leave() {
      left = true;
      tell();
    },
    hasLeft: () => left,
    /** Until there is news, or the time is over. */
    async within(ms: number): Promise<void> {
      if (!isNew) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isNew = false;
    },
  };
}
