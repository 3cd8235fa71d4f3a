import { join } from 'node:path';
import { asError, type ZesterError } from '#base/errors.ts';
import { findText } from '#trust/files.ts';
import { parseCredentials, readUserJwt } from '#trust/jwt.ts';
import type { Identity } from './identity.ts';
import { readBundle } from './trust-store.ts';

/** Where what a master gave lies in the auth folder. */
export const memberFiles = {
  credentials: (peel: string) => `${peel}.creds`,
  natsCa: 'nats-ca.crt',
  natsUrls: 'nats-urls',
  trust: 'trust.bundle',
} as const;

/**
 * What the files on disk make of us: `new` never enrolled · `damaged` something is missing or cannot be read ·
 * `expired` all there, but its time is over by our clock · `member`.
 */
export interface Standing {
  readonly kind: 'new' | 'damaged' | 'expired' | 'member';
  /** Which file it is about, and what is wrong with it. */
  readonly file: string;
  readonly reason?: string;
  readonly error?: ZesterError;
  /** NaN without readable credentials. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface StandingSources {
  readonly authDir: string;
  readonly identity: Identity;
  readonly clock: { now(): number };
  /** Of `memberFiles`, those that the options make unnecessary. */
  readonly unneeded?: readonly string[] | undefined;
}

export function readStanding({ authDir, identity, clock, unneeded = [] }: StandingSources): Standing {
  const file = join(authDir, memberFiles.credentials(identity.peel));
  const nothing = { file, issuedAtMs: Number.NaN, expiresAtMs: Number.NaN };
  try {
    const credentials = findText(file);
    if (credentials === undefined) return { ...nothing, kind: 'new' };
    const { key, issuedAtMs, expiresAtMs } = readUserJwt(parseCredentials(credentials).jwt);
    if (key !== identity.key.publicKey) return { ...nothing, kind: 'damaged', reason: 'they are of another key' };
    const times = { issuedAtMs, expiresAtMs };
    const damage = damageBeside(authDir, unneeded);
    if (damage !== undefined) return { kind: 'damaged', ...damage, ...times };
    return { kind: expiresAtMs <= clock.now() ? 'expired' : 'member', file, ...times };
  } catch (error) {
    return { ...nothing, kind: 'damaged', error: asError(error) };
  }
}

/** What else came with the credentials, and is of no use without the rest. */
function damageBeside(
  authDir: string,
  unneeded: readonly string[],
): Pick<Standing, 'file' | 'reason' | 'error'> | undefined {
  for (const name of [memberFiles.natsCa, memberFiles.natsUrls]) {
    const file = join(authDir, name);
    if (unneeded.includes(name)) continue;
    if (!findText(file)) return { file, reason: 'it is missing or empty' };
  }
  const file = join(authDir, memberFiles.trust);
  try {
    return readBundle(file) === undefined ? { file, reason: 'it is missing' } : undefined;
  } catch (error) {
    return { file, error: asError(error) };
  }
}
