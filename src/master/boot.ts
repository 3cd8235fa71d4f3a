import { hostname } from 'node:os';
import { join } from 'node:path';
import { serveHealth } from '#base/health.ts';
import type { Log } from '#base/log.ts';
import { delay, systemClock } from '#base/time.ts';
import { connectBus } from '#bus/connect.ts';
import { authFiles, currentJobKey, openAuthDir } from '#trust/auth-dir.ts';
import { signBundle } from '#trust/bundle.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { bundleKeys, bundleOf } from '#trust/rotate.ts';
import { encode } from '#wire/codec.ts';
import { trustDocument } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import { type Master, startMaster } from './master.ts';
import { masterMetrics } from './metrics.ts';
import type { MasterOptions } from './options.ts';

/** How often the auth folder is read again: a rotated key or a removed operator counts without a restart. */
const authIntervalMs = 2_000;

/** Runs a master until the signal. */
export async function runMaster(
  options: MasterOptions,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  let auth = openAuthDir(options.auth_dir);
  await using bus = await connectBus({
    servers: options.nats_url,
    caFile: options.nats_ca ?? join(options.auth_dir, authFiles.natsCa),
    credentials: () => formatCredentials(openAuthDir(options.auth_dir).credentials('master')),
    name: 'zester-master',
    retry: true,
  });
  log.info('Connected', { server: bus.connection.getServer() });
  const master = await startMaster({
    bus,
    key: () => currentJobKey(auth, systemClock.now()),
    operators: () => bundleOf(auth.index),
    hostname: hostname(),
    statesDir: options.states_dir,
    filesIntervalMs: options.files_interval,
    replicas: options.jetstream_replicas,
    clock: systemClock,
    log: log.child({ master_id: 'self' }),
  });
  await using _master = master;
  bus.onState((state) => (state === 'connected' ? undefined : log.warn('Not connected', { state })));

  await publishTrust(master, options.auth_dir);
  await using _health = await serveHealth({
    address: options.health_addr,
    component: 'master',
    checks: { nats: () => ({ status: bus.state === 'connected' ? 'ok' : 'down' }) },
    metrics: masterMetrics(master),
  });
  while (!signal.aborted) {
    await delay(authIntervalMs, signal);
    try {
      const now = openAuthDir(options.auth_dir);
      if (now.index.revision === auth.index.revision) continue;
      auth = now;
      await publishTrust(master, options.auth_dir);
      log.info('Trusted keys published', { revision: auth.index.revision });
    } catch (error) {
      log.warn('Auth folder not read', { error });
    }
  }
}

/** Peels learn of new keys from a document that the old ones signed. */
async function publishTrust(master: Master, authDir: string): Promise<void> {
  const auth = openAuthDir(authDir);
  const signed = signBundle(bundleOf(auth.index), bundleKeys(auth, systemClock.now()));
  await master.stores.kv(buckets.trust).put(trustDocument, encode(signed));
}
