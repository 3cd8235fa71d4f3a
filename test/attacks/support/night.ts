import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '#bus/bus.ts';
import { plainStyle } from '#cli/report/style.ts';
import { createSession } from '#cli/session.ts';
import { type Credentials, formatCredentials } from '#trust/jwt.ts';
import { signKillRequest } from '#trust/orders.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import type { JobReturnsReply, JobSummary, KillReply, Return } from '#wire/job.ts';
import { until } from '../../harness/fleet.ts';
import type { TestNats } from '../../harness/nats.ts';

/** What is stored of a job, as `zester job show` sees it. */
export async function jobOf(bus: Bus, jid: string): Promise<JobSummary> {
  const { job, error } = await shown(bus, jid);
  assert.ok(job, `the job "${jid}" cannot be shown: ${error?.code}`);
  return job;
}

export async function returnsOf(nats: TestNats, bus: Bus, jid: string): Promise<readonly Return[]> {
  const { returns = [] } = await shown(bus, jid);
  return returns.map(({ peel, payload }) => openReturn(payload, { jid, peel, keys: nats.keysOf(peel) }));
}

async function shown(bus: Bus, jid: string): Promise<JobReturnsReply> {
  return bus.request(channels.jobReturns, {}, { jid });
}

/** Waits for the record of a job to become so. */
export async function untilJob(
  bus: Bus,
  jid: string,
  is: (job: JobSummary) => boolean,
  timeoutMs = 20_000,
): Promise<JobSummary> {
  let last: JobSummary | undefined;
  const look = async () => {
    last = (await shown(bus, jid).catch(() => undefined))?.job;
    return last !== undefined && is(last);
  };
  try {
    await until(look, `the job is as it should be`, timeoutMs);
  } catch {
    assert.fail(`the job never became what it should be: ${JSON.stringify(last)}`);
  }
  return last as unknown as JobSummary;
}

export async function killJob(bus: Bus, operator: Credentials, jid: string): Promise<KillReply> {
  const signed = signKillRequest({ v: 1, jid, issuedAt: Date.now() }, operator);
  return bus.request(channels.jobKill, {}, signed, { timeoutMs: 10_000 });
}

/** An operator's session as the command line opens it. */
export function operatorSession(nats: TestNats, credentials: Credentials) {
  const file = join(nats.dir, 'session.creds');
  writeFileSync(file, formatCredentials(credentials), { mode: 0o600 });
  return createSession({
    format: 'json',
    style: plainStyle,
    quiet: true,
    test: false,
    timeoutMs: undefined,
    terminal: false,
    flags: new Map(),
    environment: { NATS_URL: nats.url, NATS_CA_FILE: nats.caFile, ZESTER_CREDS: file, HOME: nats.dir },
    out: () => {},
    err: () => {},
  });
}

/** Takes a stream's folder away while the server is down: what a lost disk, or an operator's hand, leaves behind. */
export async function wipe(nats: TestNats, streams: readonly string[] | 'all'): Promise<void> {
  await nats.kill();
  const store = join(nats.dir, 'jetstream');
  const found = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const parts = path.split('/');
    return parts.at(-2) === 'streams' && (streams === 'all' || streams.includes(parts.at(-1) ?? ''));
  });
  assert.ok(found.length > 0, 'there is something to wipe');
  for (const path of found) rmSync(join(store, path), { recursive: true });
  await nats.restart();
}

/** Stops a real process, with its children where they are: as a machine that hangs. */
export function freeze(child: ChildProcess): Disposable & { thaw(): void } {
  const send = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(child.pid, signal);
  };
  send('SIGSTOP');
  const thaw = () => send('SIGCONT');
  return { thaw, [Symbol.dispose]: thaw };
}

/** A file that a job makes when it runs. */
export function trace(nats: TestNats, name: string) {
  const path = join(nats.dir, name);
  return {
    command: `echo ran >> ${path}`,
    get exists() {
      return existsSync(path);
    },
  };
}

/** Numbers that are the same in every run: a failure can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
