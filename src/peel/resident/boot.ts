import { hostname } from 'node:os';
import { join } from 'node:path';
import { damped } from '#base/damped.ts';
import { isError, type ZesterError } from '#base/errors.ts';
import { type Check, type Metric, serveHealth } from '#base/health.ts';
import type { Log } from '#base/log.ts';
import { delay, startWatch, systemClock } from '#base/time.ts';
import { build } from '#base/version.ts';
import type { Bus } from '#bus/bus.ts';
import { connectBus } from '#bus/connect.ts';
import { collectFacts } from '#facts/collect.ts';
import { saltGrains } from '#facts/grains.ts';
import { realMachine } from '#machine/real.ts';
import { buckets } from '#wire/stores.ts';
import { enroll } from '../enroll/enroll.ts';
import { type Identity, resolveIdentity } from '../enroll/identity.ts';
import { joinToken } from '../enroll/join-token.ts';
import { createNudge, keepRenewed, type Nudge } from '../enroll/renewal.ts';
import { memberFiles } from '../enroll/standing.ts';
import { openTrustStore } from '../enroll/trust-store.ts';
import { selfCommand } from '../shared/self.ts';
import { type Leftovers, ownContainment } from './containment.ts';
import { takeDataFolder } from './data-lock.ts';
import type { Resident } from './fast.ts';
import { openStateFiles } from './files.ts';
import { newInstance } from './instance.ts';
import { type Journal, openJournal } from './journal.ts';
import { keepFacts } from './keep-facts.ts';
import { createLane, type LaneOptions } from './lane.ts';
import type { PeelOptions } from './options.ts';
import { heartbeatMs, type Peel, startPeel } from './peel.ts';

/** How many reads, and how many commands, go on at once beside a run. */
const readWidth = 2;
const callWidth = 4;
const stopGraceMs = 2_000;

/**
 * Runs a peel until the signal. Everything local comes first and needs no network; only truly local trouble is fatal.
 * What needs the bus is tried again for ever, each part by itself.
 */
export async function runPeel(
  options: PeelOptions,
  { log: daemonLog, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  using _folder = takeDataFolder(options.data_dir);
  const identity = resolveIdentity({ authDir: options.auth_dir, id: options.id });
  const { peel: id } = identity;
  const log = daemonLog.child({ peel_id: id });
  let bus: Bus | undefined;
  let peel: Peel | undefined;
  let journal: Journal | undefined;

  await using _health = await serveHealth({
    address: options.health_addr,
    component: 'peel',
    checks: {
      nats: (): Check => (bus?.state === 'connected' ? { status: 'ok' } : { status: 'down', message: 'not connected' }),
      journal: (): Check => journalCheck(journal),
    },
    metrics: peelMetrics(
      () => bus,
      () => peel,
      () => journal,
    ),
  });

  const machine = realMachine(options.root === '/' ? {} : { root: options.root });
  // What is wrong with it is said where it is used.
  const master = URL.parse(options.master_urls[0] ?? '')?.hostname ?? '';
  const readFacts = async (): Promise<Resident> => {
    const { facts, notes } = await collectFacts(machine, ['identity']);
    for (const { fact, error } of notes) log.warn('Fact not read', { fact, error });
    const named = { ...facts, id };
    return { version: build.version, facts: named, grains: saltGrains(named, { master }), settings: {} };
  };
  let resident = await readFacts();
  const ledger = openJournal(join(options.data_dir, 'jobs.journal'), systemClock, log);
  journal = ledger;
  const containment = ownContainment({ peel: id, dataDir: options.data_dir, useCgroups: options.job_cgroups });
  // Before anything else may run here, and whether or not anybody can be reached.
  const leftovers = await containment.endLeftovers(ledger.interrupted().map(({ jid }) => jid));
  reportLeftovers(leftovers, log);

  const enrolling = {
    identity,
    hostname: hostname(),
    unneeded: [
      ...(options.nats_url.length > 0 ? [memberFiles.natsUrls] : []),
      ...(options.nats_ca === undefined ? [] : [memberFiles.natsCa]),
    ],
    token: joinToken(options, log),
    authDir: options.auth_dir,
    masterUrls: options.master_urls,
    caFile: options.enroll_ca,
    pins: options.enroll_ca_pin,
    tofu: options.enroll_trust === 'tofu',
    clock: systemClock,
    log,
    signal,
  };
  const membership = await enroll(enrolling);
  const trust = openTrustStore(membership.trustFile, log);
  log.info('Ready', { root: options.root });

  // Before the first connection: credentials that the servers refuse are renewed over HTTPS, or there will be none.
  const renewal = createNudge();
  void keepRenewed({ ...enrolling, onTrust: (bundle) => trust.replace(bundle) }, renewal);
  const servers = options.nats_url.length > 0 ? options.nats_url : membership.natsUrls;
  log.info('Connecting', { server: servers });
  bus = await connected(
    connectBus({
      servers,
      caFile: options.nats_ca ?? membership.natsCaFile,
      credentials: () => membership.credentials(),
      name: `zester-peel-${id}`,
      retry: true,
      onFailure: sayWhyNot(log, renewal),
      signal,
    }),
    signal,
  );
  if (bus === undefined) return;
  const connectedBus = bus;
  trust.follow(connectedBus, signal);
  const files = await openStateFiles({
    bus: connectedBus,
    cache: options.states_cache,
    trust: () => trust.current,
    inUse: () => peel?.inbox.trees ?? [],
    log,
  });
  files.follow(signal);

  const lane = (width: number): LaneOptions => ({
    command: [
      ...selfCommand('runner'),
      `--root=${options.root}`,
      `--runs=${join(options.data_dir, 'runs')}`,
      `--outputs=${join(options.data_dir, 'outputs')}`,
      `--outputs-limit=${options.outputs_limit}`,
      `--outputs-age=${options.outputs_age}`,
    ],
    width,
    warmMs: options.runner_warm,
    graceMs: stopGraceMs,
    containment,
    log,
  });
  const lanes = { read: createLane(lane(readWidth)), call: createLane(lane(callWidth)), run: createLane(lane(1)) };
  const started = startPeel({
    peel: id,
    seed: identity.key.seed,
    bus: connectedBus,
    journal: ledger,
    instance: newInstance(),
    lanes,
    trust: () => trust.current,
    resident: () => resident,
    tree: () => ({ ...files.tree, env: options.environment }),
    leftovers: leftovers.byJob,
    heartbeatMs,
    clock: systemClock,
    log,
  });
  peel = started;

  while (!signal.aborted) {
    await publishVolatile(connectedBus, machine, identity, log);
    await delay(options.facts_interval, signal);
    if (signal.aborted) break;
    resident = await readFacts();
    started.publishFacts();
  }
  log.info('Finishing accepted jobs', { jobs: started.inbox.busy });
  await started.stop(AbortSignal.timeout(options.stop_timeout));
  await Promise.all(Object.values(lanes).map((each) => each.close()));
}

function reportLeftovers({ byJob, others }: Leftovers, log: Log): void {
  const endings = [...byJob.values(), others];
  const ended = endings.flatMap((each) => each.ended).map(({ pid, name }) => `${pid} ${name}`);
  const left = endings.flatMap((each) => each.left).map(({ pid, name, state }) => `${pid} ${name} (${state})`);
  if (ended.length > 0) log.warn('Processes of an earlier life ended', { processes: ended });
  if (left.length > 0) log.error('Processes of an earlier life cannot be ended', { processes: left });
}

/** The connection, unless the signal comes first: then there is none to wait for. */
async function connected(connecting: Promise<Bus>, signal: AbortSignal): Promise<Bus | undefined> {
  const aborted = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  );
  return Promise.race([connecting, aborted]);
}

/** Says why there is no connection, each reason at once and then every few minutes; mends what can be mended here. */
function sayWhyNot(log: Log, renewal: Nudge): (error: ZesterError) => void {
  const say = damped(300_000);
  return (error) => {
    const kept = say(error.message);
    if (kept !== undefined) log.warn('Cannot connect; trying on', { error, hint: error.hint, count: kept });
    if (isError(error, 'CREDENTIALS_REFUSED', 'CREDENTIALS_UNREADABLE')) renewal.nudge();
  };
}

async function publishVolatile(
  bus: Bus,
  machine: Parameters<typeof collectFacts>[0],
  { peel, key }: Identity,
  log: Log,
): Promise<void> {
  if (bus.state !== 'connected') return;
  const { facts } = await collectFacts(machine, ['volatile']);
  const record = { v: 1, facts, version: build.version, collectedAt: Date.now() };
  await keepFacts(bus, buckets.volatileFacts, { peel, seed: key.seed }, record).catch((error) =>
    log.debug('Volatile facts not published', { error }),
  );
}

/** It goes on working: what was lost cannot be mended, but somebody has to look at the disk. */
function journalCheck(journal: Journal | undefined): Check {
  if (journal === undefined || journal.damages === 0) return { status: 'ok' };
  return { status: 'degraded', message: `${journal.damages} parts of the job journal were damaged: check the disk` };
}

function peelMetrics(
  bus: () => Bus | undefined,
  peel: () => Peel | undefined,
  journal: () => Journal | undefined,
): readonly Metric[] {
  const { elapsed } = startWatch();
  const counts = () => peel()?.inbox.counts ?? { accepted: 0, refused: 0, duplicates: 0 };
  const plain = (value: () => number) => () => [{ value: value() }];
  return [
    {
      name: 'zester_peel_connected',
      help: 'Whether the peel is on the bus',
      type: 'gauge',
      values: plain(() => (bus()?.state === 'connected' ? 1 : 0)),
    },
    {
      name: 'zester_peel_uptime_seconds',
      help: 'Seconds since the start',
      type: 'gauge',
      values: plain(() => Math.round(elapsed() / 1_000)),
    },
    {
      name: 'zester_peel_jobs_running',
      help: 'Jobs accepted and not answered',
      type: 'gauge',
      values: plain(() => peel()?.inbox.busy ?? 0),
    },
    {
      name: 'zester_peel_jobs_accepted',
      help: 'Jobs accepted',
      type: 'counter',
      values: plain(() => counts().accepted),
    },
    {
      name: 'zester_peel_jobs_refused',
      help: 'Orders refused',
      type: 'counter',
      values: plain(() => counts().refused),
    },
    {
      name: 'zester_peel_jobs_duplicate',
      help: 'Orders that came again',
      type: 'counter',
      values: plain(() => counts().duplicates),
    },
    {
      name: 'zester_peel_journal_damages',
      help: 'Parts of the job journal that could not be read',
      type: 'counter',
      values: plain(() => journal()?.damages ?? 0),
    },
  ];
}
