import type { Bugs } from '#base/bugs.ts';
import { isError } from '#base/errors.ts';
import { isPeelId, ksuid, parseJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { build } from '#base/version.ts';
import { type BadRecords, createBadRecords } from '#bus/bad-records.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import { openRecords } from '#bus/records.ts';
import { watchRefusals } from '#bus/refusals.ts';
import type { Stores } from '#bus/stores.ts';
import { openStream } from '#bus/stream.ts';
import { signNotice } from '#trust/notice.ts';
import { verifyKillRequest, verifyRequest } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { channels } from '#wire/channels.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import type { Folders } from '#wire/environments.ts';
import type { Notice } from '#wire/peel.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import type { TreeOptions } from '#wire/tree-options.ts';
import { type Clocks, watchClocks } from './clocks.ts';
import { type MasterView, masterChecks } from './doctor/checks.ts';
import { type Check, examine } from './doctor/doctor.ts';
import type { FactLimits } from './facts.ts';
import { createPublisher, type Published } from './files/publish.ts';
import { createRefQuery } from './files/refs.ts';
import { defaultRules, sourceTree, type TreeRules } from './files/source-tree.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type ActiveJobs, openActiveJobs } from './jobs/active-jobs.ts';
import { createDispatch } from './jobs/dispatch.ts';
import { createKill, createTellKilled } from './jobs/kill.ts';
import { followLate, type Late } from './jobs/late.ts';
import { createJobQueries } from './jobs/query.ts';
import { reconcile } from './jobs/reconcile.ts';
import * as kinds from './jobs/record.ts';
import { openReturns } from './jobs/returns.ts';
import { openSweep, type Sweep } from './jobs/sweep.ts';
import { type Keeper, keepStores } from './keeper.ts';
import { type Masters, watchMasters } from './masters.ts';
import { openPresence, type Presence } from './presence.ts';
import { restorers } from './restorers.ts';
import { type Troubles, watchTroubles } from './troubles.ts';
import { askPeels } from './wanted.ts';

export interface MasterParts {
  readonly bus: Bus;
  readonly stores: Stores;
  /** The job-signing key as it is now; it may rotate. */
  readonly key: () => SigningKey;
  /** Whom we believe: operators, and keys of masters. */
  readonly operators: () => TrustBundle;
  readonly hostname: string;
  /** Where the state tree's environments lie. */
  readonly folders: Folders;
  /** What peels are told beside the files of the tree; its nodegroups count for targets here as well. */
  readonly treeOptions: TreeOptions;
  /** What of the folders may be published. */
  readonly treeRules?: TreeRules;
  readonly filesIntervalMs: number;
  readonly isRevoked?: (peel: string) => boolean;
  /** The enrolled keys of a peel: those that count now, or with `past` those that ever did. */
  readonly keysOf: (peel: string, options?: { readonly past?: boolean }) => readonly string[];
  /** Publishes the keys that peels trust, into a store that has lost them. */
  readonly publishTrust?: () => Promise<unknown>;
  /** Writes who is enrolled again, into a store that has lost it. */
  readonly restoreEnrollments?: () => Promise<number>;
  /** What one peel's facts may cost. */
  readonly factLimits?: FactLimits;
  /** Where records that cannot be believed are remembered. */
  readonly bad?: BadRecords;
  /** Errors that nobody caught. */
  readonly bugs?: Bugs | undefined;
  /** What `zester doctor` looks at beside what is the master's own. */
  readonly checks?: readonly Check<MasterView>[];
  readonly clock: Clock;
  readonly log: Log;
}

/** A master's work on the bus. It keeps nothing of its own: any number may run, and any may vanish. */
export interface Master extends AsyncDisposable {
  readonly id: string;
  readonly stores: Stores;
  readonly fleet: Fleet;
  readonly presence: Presence;
  readonly activeJobs: ActiveJobs;
  readonly late: Late;
  readonly clocks: Clocks;
  readonly keeper: Keeper;
  readonly masters: Masters;
  readonly sweep: Sweep;
  readonly counts: { dispatched: number; published: number; unpublished: number };
  /** Records that could not be believed. */
  readonly bad: BadRecords;
  readonly troubles: Troubles;
  publishFiles(): Promise<Published>;
}

export async function startMaster(parts: MasterParts): Promise<Master> {
  const {
    bus,
    stores,
    key,
    operators,
    hostname,
    folders,
    treeOptions,
    treeRules = defaultRules,
    filesIntervalMs,
    isRevoked = () => false,
    keysOf,
    publishTrust,
    restoreEnrollments,
    factLimits,
    bugs,
    checks = [],
    bad = createBadRecords({ clock: parts.clock, log: parts.log }),
    clock,
    log,
  } = parts;
  const id = ksuid(clock.now());
  const counts = { dispatched: 0, published: 0, unpublished: 0 };
  const troubles = watchTroubles({ bus, clock, log });
  const refusals = watchRefusals(bus, log);
  const [jobs, active] = [stores.kv(buckets.jobs), stores.kv(buckets.activeJobs)];
  const jobRecords = openRecords(jobs, kinds.jobRecords, bad);
  const activeRecords = openRecords(active, kinds.activeJobs, bad);
  const masters = watchMasters({ bus, master: id, clock, log });
  const clocks = watchClocks({ clock, log });
  const notify = (peel: string, what: Partial<Notice>) => {
    const notice = { v: 1, peel, issuedAt: clock.now(), ...what };
    bus.publish(channels.notice, { peel }, signNotice(notice, key()));
  };
  const presence = await openPresence({
    bus,
    kv: stores.kv(buckets.presence),
    bad,
    clocks,
    isRevoked,
    notify,
    clock,
    log,
  });
  const { nodegroups } = treeOptions;
  const fleet = await openFleet({
    bus,
    kv: stores.kv(buckets.facts),
    bad,
    presence,
    nodegroups,
    keysOf,
    limits: factLimits,
    clock,
    log,
  });
  const wanted = askPeels({ presence, fleet, notify, clock });
  const returnsKept = openStream(bus, stores.manager, returnsStream.name);
  const returns = openReturns(returnsKept, keysOf);
  const late = followLate({ jobs, records: jobRecords, returns, log });

  const dispatch = createDispatch({
    bus,
    jobs,
    active,
    records: jobRecords,
    activeJobs: () => activeJobs,
    presence,
    resolve: (target) => fleet.resolve(target),
    verify: (signed) => verifyRequest(signed, operators(), clock.now()),
    key,
    master: id,
    clock,
    log,
  });
  const tellKilled = createTellKilled({ bus, key, clock });
  const activeJobs = openActiveJobs({
    bus,
    jobs,
    active,
    records: jobRecords,
    activeRecords,
    bad,
    returns,
    late,
    presence,
    clocks,
    master: id,
    isAlive: masters.isAlive,
    resend: dispatch.resend,
    tellKilled,
    onStray: (stored) => sweep.consider(stored),
    clock,
    log,
  });
  const sweep = openSweep({
    bus,
    returns: returnsKept,
    jobs: jobRecords,
    asks: (jid, peel) => activeJobs.find(jid)?.peels.has(peel),
    isChosen: () => masters.alive.toSorted()[0] === id,
    log,
  });
  presence.onOnline((peel) => activeJobs.welcome(peel));
  // What is heard is in place on the server before anything is sent that could cause it.
  await bus.flush();
  const jobsCompared = reconcile({
    records: jobRecords,
    bad,
    active,
    jobKeys: () => stores.keys(buckets.jobs),
    activeKeys: () => stores.keys(buckets.activeJobs),
    activeJobs,
    late,
    clock,
    log,
  });
  await jobsCompared.look();
  if (activeJobs.size > 0) log.info('Took over active jobs', { jobs: activeJobs.size });
  bus.onState((state) => {
    if (state === 'connected') jobsCompared.look().catch((error) => log.warn('Jobs not compared', { error }));
  });
  const kill = createKill({
    bus,
    records: jobRecords,
    activeJobs,
    master: id,
    verify: (signed) => verifyKillRequest(signed, operators(), clock.now()),
    tell: tellKilled,
    clock,
    log,
  });
  const queries = createJobQueries({
    records: jobRecords,
    bad,
    activeJobs,
    returns,
    keys: (bucket) => stores.keys(bucket),
  });

  const serving: readonly Listening[] = [
    bus.serve(channels.ping, async () => {
      const { recreated, full } = keeper;
      return {
        master: id,
        version: build.version,
        peels: fleet.size,
        online: presence.online,
        now: clock.now(),
        ...(recreated.length === 0 ? {} : { recreated: [...recreated] }),
        ...(full === 0 ? {} : { full }),
      };
    }),
    bus.serve(channels.doctor, async () => {
      const maxPayload = bus.connection.info?.max_payload ?? 0;
      return examine([...masterChecks, ...checks], { master, bugs, refusals, maxPayload }, { master: id, clock });
    }),
    bus.serve(channels.resolve, async (request) => fleet.explain(request)),
    bus.serve(channels.peels, async (query) => fleet.list(query)),
    bus.serve(channels.peel, async (query) => fleet.show(query)),
    bus.serve(channels.peelKeys, async ({ peels }) => ({
      keys: peels.map((peel) => [...keysOf(peel, { past: true })]),
    })),
    bus.serve(channels.dispatch, async (signed) => {
      counts.dispatched++;
      return dispatch.submit(signed).catch((error) => {
        keeper.heard(error);
        throw error;
      });
    }),
    bus.serve(channels.jobs, async (query) => queries.list(query)),
    bus.serve(channels.jobReturns, async (query) => queries.returns(query)),
    bus.serve(channels.jobPeels, async ({ jid, after }) => queries.peels(jid, after)),
    bus.serve(channels.jobRequest, async ({ jid, part }) => queries.request(jid, part)),
    bus.serve(channels.jobChunk, async ({ jid, peel, index }) => {
      const chunk = isPeelId(peel) ? await returns.chunk(parseJid(jid), peel, index) : undefined;
      return chunk ? { chunk } : {};
    }),
    bus.serve(channels.jobKill, async (signed) => kill(signed)),
    bus.serve(channels.stateRefs, createRefQuery({ kv: stores.kv(buckets.stateFiles), trust: operators, bad })),
  ];

  const tree = sourceTree(folders, log, treeRules);
  const publisher = createPublisher({
    kv: stores.kv(buckets.stateFiles),
    tree,
    treeOptions,
    key,
    trust: operators,
    bad,
    publisher: hostname,
    clock,
    log,
  });
  let publishing: Promise<Published> | undefined;
  const publishFiles = () => {
    publishing ??= publisher.publish().finally(() => {
      publishing = undefined;
    });
    return publishing;
  };
  let lastTrouble: string | undefined;
  const publishQuietly = () =>
    void publishFiles().then(
      ({ changed }) => {
        lastTrouble = undefined;
        if (changed) counts.published++;
      },
      (error: unknown) => {
        counts.unpublished++;
        const { message } = error as Error;
        // The same trouble is met at every interval: told once.
        const level = message === lastTrouble ? 'debug' : 'error';
        lastTrouble = message;
        log[level]('State tree not published: the last one stays', {
          error,
          hint: isError(error) ? error.hint : undefined,
        });
      },
    );
  const edits = tree.onEdit(publishQuietly, { intervalMs: filesIntervalMs });
  publishQuietly();

  const keeper = keepStores({
    bus,
    stores,
    restore: restorers({
      presence,
      fleet,
      activeJobs,
      wanted,
      publishFiles,
      publishTrust,
      restoreEnrollments,
      compare: () => jobsCompared.look(),
    }),
    clock,
    log,
  });

  const master: Master = {
    id,
    stores,
    fleet,
    presence,
    activeJobs,
    late,
    clocks,
    keeper,
    masters,
    sweep,
    counts,
    bad,
    troubles,
    publishFiles,
    async [Symbol.asyncDispose]() {
      edits[Symbol.dispose]();
      for (const each of serving) each.close();
      await publishing?.catch(() => {});
      sweep[Symbol.dispose]();
      await keeper[Symbol.asyncDispose]();
      await jobsCompared[Symbol.asyncDispose]();
      late[Symbol.dispose]();
      masters[Symbol.dispose]();
      fleet[Symbol.dispose]();
      await activeJobs[Symbol.asyncDispose]();
      await presence[Symbol.asyncDispose]();
    },
  };
  return master;
}
