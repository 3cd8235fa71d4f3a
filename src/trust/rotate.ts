import { join } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import type { TrustBundle, TrustedKey } from '#wire/enroll.ts';
import { type AuthDir, type AuthIndex, authFiles, openAuthDir, writeIndex } from './auth-dir.ts';
import { createFile } from './files.ts';
import { checkName, createUser } from './init-auth.ts';
import { formatCredentials, readUserJwt } from './jwt.ts';
import { createKey } from './nkeys.ts';
import { keyId, type SigningKey } from './signing.ts';

export interface RotateJobs {
  readonly dir: string;
  readonly now: number;
  /** The old keys are in wrong hands: they end at once, and peels follow the new one as soon as they hear of it. */
  readonly compromised?: boolean | undefined;
}

const hour = 3_600_000;
const day = 24 * hour;
/** Peels hear of a key this long before it is used. */
const announceMs = hour;
/** A peel that is away this long still finds a key it knows. */
const overlapMs = 30 * day;
const lifetimeMs = 2 * 365 * day;

/** Adds a job-signing key and lets the older ones run out. Masters read it by themselves. Returns the new key. */
export function rotateJobKeys({ dir, now, compromised = false }: RotateJobs): TrustedKey {
  const { index, path } = openAuthDir(dir);
  const { publicKey, seed } = createKey('user');
  const made: TrustedKey = {
    id: keyId(publicKey),
    key: publicKey,
    notBefore: compromised ? now : now + announceMs,
    notAfter: now + lifetimeMs,
  };
  const end = compromised ? now : now + overlapMs;
  const older = index.jobKeys
    .filter(({ notAfter }) => notAfter > now - day)
    .map((key) => ({ ...key, notAfter: Math.min(key.notAfter, end) }));
  createFile(join(path, authFiles.jobSeed(made.id)), `${seed}\n`);
  writeIndex(path, { ...index, jobKeys: [...older, made], revision: index.revision + 1 });
  return made;
}

/** Adds a settings key; values are encrypted for the newest, and opened with any. Returns its public key. */
export function rotateSettingsKey({ dir }: { readonly dir: string }): string {
  const { index, path } = openAuthDir(dir);
  const { publicKey, seed } = createKey('curve');
  createFile(join(path, authFiles.settingsSeed(publicKey)), `${seed}\n`);
  writeIndex(path, { ...index, settingsKeys: [...index.settingsKeys, publicKey] });
  return publicKey;
}

export interface NewOperator {
  readonly dir: string;
  readonly name: string;
  readonly now: number;
  /** Without one the credentials do not expire. */
  readonly lifetimeMs?: number | undefined;
}

/** Makes the credentials of one more operator; returns their file. Throws `AUTH_FILE_EXISTS`. */
export function addOperator({ dir, name, now, lifetimeMs }: NewOperator): {
  readonly file: string;
  readonly key: string;
} {
  checkName(name);
  const auth = openAuthDir(dir);
  const user = createUser({ name, account: auth.index.accounts.control, now, lifetimeMs }, auth.roleSeed('operator'));
  const file = join(auth.path, authFiles.credentials(name));
  createFile(file, formatCredentials(user));
  return { file, key: readUserJwt(user.jwt).key };
}

export interface RemovedOperator {
  readonly dir: string;
  /** The public key, `U…`: names can be used again, keys cannot. */
  readonly key: string;
  readonly now: number;
}

/** Voids an operator's credentials: on the bus and on every peel, once a master has read this. */
export function removeOperator({ dir, key, now }: RemovedOperator): void {
  if (!/^U[A-Z2-7]{55}$/.test(key)) {
    throw new ZesterError('usage', 'OPERATOR_KEY_INVALID', `Cannot remove "${key}": it is not the key of a user`, {
      hint: 'Copy the key from the audit log, or from "zester nats-auth lint" of the credentials',
    });
  }
  const { index, path } = openAuthDir(dir);
  const revoked = { ...index.revoked, [key]: Math.floor(now / 1_000) };
  writeIndex(path, { ...index, revoked, revision: index.revision + 1 });
}

/** What peels are to believe now. */
export function bundleOf({ jobKeys, roles, revoked, revision }: AuthIndex): TrustBundle {
  return { v: 1, revision, keys: jobKeys, operatorIssuers: [roles.operator], revoked };
}

/** Every job key of this folder that has not ended: a bundle is signed with all of them. */
export function bundleKeys({ index, jobSeed }: AuthDir, now: number): SigningKey[] {
  return index.jobKeys.filter(({ notAfter }) => notAfter > now - day).map(({ id }) => ({ id, seed: jobSeed(id) }));
}
