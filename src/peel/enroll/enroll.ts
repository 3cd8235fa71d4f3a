import { join } from 'node:path';
import { damped } from '#base/damped.ts';
import { asError, isError, ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { backoff, type Clock, delay } from '#base/time.ts';
import { findText, publicMode, writeFile } from '#trust/files.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { fingerprint, signFetch, signJoin, signRenew } from '#trust/proofs.ts';
import { ChallengeReply, CredentialsReply, JoinReply, type TrustBundle } from '#wire/enroll.ts';
import { type AnchorOptions, findAnchor } from './anchor.ts';
import type { Identity } from './identity.ts';
import { type MasterClient, masterClient } from './master-client.ts';
import { memberFiles, readStanding, type Standing } from './standing.ts';
import { readBundle, writeBundle } from './trust-store.ts';

export interface EnrollOptions extends AnchorOptions {
  readonly identity: Identity;
  readonly hostname: string;
  /** Of `memberFiles`, those that the options make unnecessary. */
  readonly unneeded?: readonly string[] | undefined;
  /** Approves us without an operator. */
  readonly token?: string | undefined;
  /** Told the bundle that came with renewed credentials: it may follow keys that a peel long away no longer could. */
  readonly onTrust?: ((bundle: TrustBundle) => void) | undefined;
  readonly clock: Clock;
  /** Where time passes; a test's may be quicker. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What being in the fleet consists of; all of it is on disk. */
export interface Membership {
  /** The credentials as they are now, for every new connection. */
  credentials(): string;
  readonly natsUrls: readonly string[];
  readonly natsCaFile: string;
  readonly trustFile: string;
}

/** How often a trouble that lasts is said again. */
const sayMs = 300_000;

const tokenFix = 'Correct join_token or join_token_file in peel.yaml, or remove it and have this peel approved';

/**
 * Joins the fleet, however long it takes: straight through when the credentials are on disk, else it asks, waits for
 * the decision and fetches. Credentials that have expired are renewed before anything is done with them; when no master
 * can be asked just now, the servers decide what they are worth, for it may be our clock that is wrong. A refusal is
 * said once, and asked about again later, for refusals are mended on the other side. Rejects only at the signal.
 */
export async function enroll(options: EnrollOptions): Promise<Membership> {
  const { identity, authDir, log, signal, wait = delay } = options;
  const standing = readStanding(options);
  const { kind, file, expiresAtMs, reason, error: damage } = standing;
  if (kind === 'member') log.info('Credentials found', { file, expires: expiresAtMs });
  if (kind === 'expired') await renewExpired(options, standing);
  if (kind === 'member' || kind === 'expired') return membership(options);
  if (kind === 'damaged') {
    log.warn('Credentials of no use; asking a master for new ones', { file, reason, error: damage });
  }
  const pauses = backoff({ firstMs: 1_000, capMs: 300_000 });
  const say = damped(sayMs);
  while (!signal.aborted) {
    try {
      await joinOnce(options);
      log.info('Enrolled', { peel_id: identity.peel, path: authDir });
      return membership(options);
    } catch (thrown) {
      const error = asError(thrown);
      if (!signal.aborted && say(error.code) !== undefined) report(log, error, options);
    }
    await wait(pauses.next(), signal);
  }
  signal.throwIfAborted();
  return membership(options);
}

async function renewExpired(options: EnrollOptions, { file, expiresAtMs }: Standing): Promise<void> {
  const { log, masterUrls } = options;
  log.warn('Credentials expired; renewing them before connecting', { file, expires: expiresAtMs, url: masterUrls });
  try {
    await renewOnce(options);
    log.info('Credentials renewed', { file, expires: readStanding(options).expiresAtMs });
  } catch (error) {
    log.warn('Credentials not renewed; trying on, while the servers are asked what they are worth', { error });
  }
}

/** Asks a master to let us in, and fetches what it gives. */
export async function joinOnce(options: EnrollOptions): Promise<void> {
  const anchor = await findAnchor(options);
  const client = masterClient({ ...clientOf(options), ca: anchor.ca, token: options.token });
  const reply = await ask(options, client, anchor.pin);
  const { id, state, peel, reason } = reply.state === 'pending' ? await decision(options, client, reply) : reply;
  if (state === 'rejected' || state === 'revoked') throw refusal(state, { peel, reason });
  const challenge = await challengeOf(client, options);
  const body = signFetch(id, { v: 1, challenge }, options.identity.key.seed);
  const path = `/api/v1/enroll/${id}/credentials`;
  keep(options, await client.ask(CredentialsReply, { method: 'POST', path, body, signal: options.signal }));
}

export async function renewOnce(options: EnrollOptions): Promise<void> {
  const { identity, signal } = options;
  const client = masterClient({ ...clientOf(options), ca: (await findAnchor(options)).ca });
  await sameMaster(async () => {
    const challenge = await challengeOf(client, options);
    const request = { v: 1, peel: identity.peel, key: identity.key.publicKey, challenge };
    const body = signRenew(request, identity.key.seed);
    const reply = await client.ask(CredentialsReply, { method: 'POST', path: '/api/v1/enroll/renew', body, signal });
    keep(options, { ...reply, trust: newer(options, reply.trust) });
  });
}

async function ask(options: EnrollOptions, client: MasterClient, caPin: string | undefined): Promise<JoinReply> {
  const { identity, hostname, token, signal } = options;
  return sameMaster(async () => {
    const challenge = await challengeOf(client, options);
    const { peel, key, curve } = identity;
    const request = {
      v: 1,
      peel,
      key: key.publicKey,
      curveKey: curve.publicKey,
      challenge,
      hostname: hostname.slice(0, 253),
      ...(caPin === undefined ? {} : { caPin }),
      ...(token === undefined ? {} : { token }),
    };
    const body = signJoin(request, key.seed);
    return client.ask(JoinReply, { method: 'POST', path: '/api/v1/enroll', body, signal });
  });
}

/** Asks until somebody decided. Any master knows, so one that goes away in between is merely replaced. */
async function decision(options: EnrollOptions, client: MasterClient, { id, peel }: JoinReply): Promise<JoinReply> {
  const { identity, log, signal, wait = delay } = options;
  const pauses = backoff({ firstMs: 1_000, capMs: 60_000 });
  log.warn('Waiting for approval', {
    peel_id: peel,
    enrollment: id,
    fingerprint: fingerprint(identity.key.publicKey),
    hint: `Compare the fingerprint in "zester enroll list", then run "zester enroll approve --peel ${toHuman(peel)}"`,
  });
  for (;;) {
    signal.throwIfAborted();
    try {
      const path = `/api/v1/enroll/${id}`;
      const reply = await client.ask(JoinReply, { method: 'GET', path, timeoutMs: 60_000, signal });
      if (reply.state !== 'pending') return reply;
      pauses.reset();
    } catch (error) {
      if (asError(error).family !== 'unreachable') throw error;
      await wait(pauses.next(), signal);
    }
  }
}

/** A challenge is known to the master that gave it; behind a balancer, or after a restart, another one answers. */
async function sameMaster<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 3 || !isError(error, 'CHALLENGE_INVALID')) throw error;
    }
  }
}

async function challengeOf(client: MasterClient, { signal }: EnrollOptions): Promise<string> {
  const call = { method: 'POST', path: '/api/v1/enroll/challenge', body: {}, signal } as const;
  return (await client.ask(ChallengeReply, call)).challenge;
}

/** The credentials last: with them on disk, everything else is. */
function keep(options: EnrollOptions, { jwt, trust, natsUrls, natsCa }: CredentialsReply): void {
  const { authDir, identity, onTrust } = options;
  writeBundle(join(authDir, memberFiles.trust), trust);
  onTrust?.(trust);
  writeFile(join(authDir, memberFiles.natsCa), natsCa, publicMode);
  writeFile(join(authDir, memberFiles.natsUrls), `${natsUrls.join('\n')}\n`, publicMode);
  const credentials = formatCredentials({ jwt, seed: identity.key.seed });
  writeFile(join(authDir, memberFiles.credentials(identity.peel)), credentials);
}

/** A master whose auth folder was not brought up to date yet must not take a peel back to old keys. */
function newer({ authDir, log }: EnrollOptions, offered: TrustBundle): TrustBundle {
  const kept = soundBundle(join(authDir, memberFiles.trust), log);
  return kept !== undefined && kept.revision > offered.revision ? kept : offered;
}

/** What is damaged is as good as not there: what is offered is better than that. */
function soundBundle(path: string, log: Log): TrustBundle | undefined {
  try {
    return readBundle(path);
  } catch (error) {
    if (!isError(error, 'TRUST_UNREADABLE')) throw error;
    log.error('Trusted keys damaged, and asked for anew', { path, error });
    return undefined;
  }
}

/** Each master that is passed over is named, with the reason: which of several is away is worth knowing. */
function clientOf({ masterUrls, log }: EnrollOptions) {
  return {
    urls: masterUrls,
    onPassedOver: (url: string, { message }: ZesterError) => log.info('Master passed over', { url, reason: message }),
  };
}

function membership({ authDir, identity }: EnrollOptions): Membership {
  const credentials = join(authDir, memberFiles.credentials(identity.peel));
  return {
    credentials: () => findText(credentials) ?? '',
    natsUrls: (findText(join(authDir, memberFiles.natsUrls)) ?? '').split('\n').filter(Boolean),
    natsCaFile: join(authDir, memberFiles.natsCa),
    trustFile: join(authDir, memberFiles.trust),
  };
}

/** Refusals are for somebody to mend; a master that is away is nobody's fault, and mends itself. */
export function report(log: Log, error: ZesterError, { identity, token }: EnrollOptions): void {
  if (error.family === 'unreachable') {
    log.info('No master answers; trying on', { reason: error.message });
    return;
  }
  const approval = `Run "zester enroll list" on the other side, or "zester enroll approve --peel ${toHuman(identity.peel)}"`;
  const hint = token !== undefined && error.code.startsWith('TOKEN_') ? tokenFix : (error.hint ?? approval);
  log.error('Not enrolled', { error, hint, peel_id: identity.peel, fingerprint: fingerprint(identity.key.publicKey) });
}

function refusal(state: string, { peel, reason }: { peel: string; reason: string | undefined }): ZesterError {
  const why = reason === undefined ? '' : ` (${reason})`;
  return new ZesterError('denied', 'ENROLL_REFUSED', `Cannot enrol "${toHuman(peel)}": it was ${state}${why}`, {
    hint: `Ask an operator; to let it in after all: "zester enroll approve --peel ${toHuman(peel)}" when it asks again`,
  });
}
