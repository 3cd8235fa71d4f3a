import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Bugs } from '#base/bugs.ts';
import { damped } from '#base/damped.ts';
import { serveHealth } from '#base/health.ts';
import type { Log } from '#base/log.ts';
import { systemClock as clock, delay } from '#base/time.ts';
import { createBadRecords } from '#bus/bad-records.ts';
import { connectBus } from '#bus/connect.ts';
import { openStores } from '#bus/stores.ts';
import { authFiles, currentJobKey, followAuthDir } from '#trust/auth-dir.ts';
import { signBundle } from '#trust/bundle.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { bundleKeys, bundleOf } from '#trust/rotate.ts';
import { encode } from '#wire/codec.ts';
import { trustDocument } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import { enrollmentChecks } from './enroll/checks.ts';
import { type EnrollmentOffice, openEnrollmentOffice } from './enroll/index.ts';
import { publishedTree } from './files/options.ts';
import { type Master, startMaster } from './master.ts';
import { masterMetrics } from './metrics.ts';
import type { MasterOptions } from './options.ts';

/** How often the auth folder is looked at: a rotated key or a removed operator counts without a restart. */
const authIntervalMs = 2_000;

/** Runs a master until the signal. */
export async function runMaster(
  options: MasterOptions,
  { log, signal, bugs }: { log: Log; signal: AbortSignal; bugs?: Bugs },
): Promise<void> {
  const tree = publishedTree(options);
  const auth = followAuthDir(options.auth_dir);
  await using stack = new AsyncDisposableStack();
  const say = damped(300_000);
  const bus = stack.use(
    await connectBus({
      servers: options.nats_url,
      caFile: options.nats_ca ?? join(options.auth_dir, authFiles.natsCa),
      credentials: () => formatCredentials(auth().credentials('master')),
      name: 'zester-master',
      retry: true,
      onFailure: (error) => {
        if (say(error.message) !== undefined) log.warn('Cannot connect; trying on', { error, hint: error.hint });
      },
    }),
  );
  bus.onState((state) => {
    if (state === 'connected') log.info('Connected', { server: bus.connection.getServer() });
    else log.warn('Not connected', { state });
  });
  const stores = await openStores(bus, { replicas: options.jetstream_replicas });
  const bad = createBadRecords({ clock, log });
  // Before anything a peel said is read: whose words count is decided by the keys that are enrolled.
  const enrollment: EnrollmentOffice = stack.use(
    await openEnrollmentOffice({ options, auth, bus, stores, master: () => master, bad, clock, log }),
  );
  const { service } = enrollment;
  const publishTrust = async () => {
    const document = signBundle(bundleOf(auth().index), bundleKeys(auth(), clock.now()));
    await stores.kv(buckets.trust).put(trustDocument, encode(document));
    return auth().index.revision;
  };
  const master: Master = stack.use(
    await startMaster({
      bus,
      stores,
      key: () => currentJobKey(auth(), clock.now()),
      operators: () => bundleOf(auth().index),
      hostname: hostname(),
      ...tree,
      filesIntervalMs: options.files_interval,
      keysOf: service.keysOf,
      isRevoked: service.isRevoked,
      bad,
      bugs,
      checks: enrollmentChecks(() => enrollment),
      factLimits: {
        bytes: options.facts_max_bytes,
        keys: options.facts_max_keys,
        everyMs: options.facts_interval,
      },
      publishTrust,
      restoreEnrollments: service.restore,
      clock,
      log,
    }),
  );
  master.presence.onOnline((peel) => service.seen(peel));
  using _enrolled = service.onEnrolled((peel) => master.fleet.recheck(peel));
  let published = await publishTrust();
  stack.use(await enrollment.openDoor());
  stack.use(
    await serveHealth({
      address: options.health_addr,
      component: 'master',
      checks: {
        nats: () => ({ status: bus.state === 'connected' ? 'ok' : 'down' }),
        stores: () => master.keeper.check(),
      },
      metrics: masterMetrics(master, { crowd: enrollment.crowd, bugs }),
    }),
  );
  log.info('Master ready', { master_id: master.id, peels: master.fleet.size, jobs: master.activeJobs.size });

  while (!signal.aborted) {
    await delay(authIntervalMs, signal);
    try {
      if (auth().index.revision === published) continue;
      published = await publishTrust();
      log.info('Trusted keys published', { revision: published });
    } catch (error) {
      log.warn('Trusted keys not published', { error });
    }
  }
}
