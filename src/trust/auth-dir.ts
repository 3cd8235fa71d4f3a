import { join } from 'node:path';
import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import type { Role } from '#wire/channel.ts';
import { TrustedKey } from '#wire/enroll.ts';
import { changedAt, readText, writeFile } from './files.ts';
import { type Credentials, parseCredentials } from './jwt.ts';
import { keyFromSeed } from './nkeys.ts';
import type { Side } from './sharing.ts';
import type { SigningKey } from './signing.ts';

/** What the auth folder says of itself; public keys only. */
export const AuthIndex = z.object({
  v: z.int(),
  environment: z.string(),
  operator: z.string(),
  /** Of masters and operators, and of peels. */
  accounts: z.object({ control: z.string(), peels: z.string() }),
  systemAccount: z.string(),
  /** The accounts' scoped signing keys. */
  roles: z.object({ master: z.string(), operator: z.string(), peel: z.string() }),
  /** Keys that sign jobs, trees and bundles, oldest first. */
  jobKeys: z.array(TrustedKey),
  /** Public curve keys that settings may be encrypted for, newest last. */
  settingsKeys: z.array(z.string()),
  /** Operators and masters that were removed: public key → seconds since the Unix epoch. */
  revoked: z.record(z.string(), z.number()),
  /** Counts changes of the trust bundle. */
  revision: z.int(),
});
export type AuthIndex = z.output<typeof AuthIndex>;

/** The auth folder opened. Seeds are read when asked for, so that a program holds only those it uses. */
export interface AuthDir {
  readonly path: string;
  readonly index: AuthIndex;
  /** The JWT that an account began with. */
  accountJwt(side: Side): string;
  credentials(user: string): Credentials;
  operatorSigningSeed(): string;
  roleSeed(role: Role): string;
  jobSeed(id: string): string;
  /** The curve seed of a settings key. */
  settingsSeed(publicKey: string): string;
}

/** Where everything lies in an auth folder. */
export const authFiles = {
  index: 'auth.json',
  operatorJwt: 'operator.jwt',
  accountJwt: (side: Side) => `${side}-account.jwt`,
  systemAccountJwt: 'sys-account.jwt',
  operatorSigningSeed: 'operator-signing.seed',
  /** Kept only to replace the signing key: belongs on a stick in a drawer. */
  operatorSeed: 'offline/operator.seed',
  serverConf: 'nats-server.conf',
  natsCa: 'nats-ca.crt',
  /** Who is shut out, for good: it only grows. */
  revoked: 'revoked.log',
  roleSeed: (role: Role | 'sys') => `signing/${role}.seed`,
  jobSeed: (id: string) => `jobs/${id}.seed`,
  settingsSeed: (publicKey: string) => `settings/${publicKey.slice(0, 12)}.seed`,
  credentials: (user: string) => `${user}.creds`,
} as const;

const hint = 'Make it with "zester nats-auth init"';

/** Opens an auth folder. Throws `AUTH_FILE_MISSING`, `AUTH_INDEX_INVALID`. */
export function openAuthDir(path: string): AuthDir {
  const read = (file: string) => readText(join(path, file), hint);
  return {
    path,
    index: parseIndex(read(authFiles.index), join(path, authFiles.index)),
    accountJwt: (side) => read(authFiles.accountJwt(side)),
    credentials: (user) => parseCredentials(read(authFiles.credentials(user))),
    operatorSigningSeed: () => read(authFiles.operatorSigningSeed),
    roleSeed: (role) => read(authFiles.roleSeed(role)),
    jobSeed: (id) => read(authFiles.jobSeed(id)),
    settingsSeed: (publicKey) => {
      const seed = read(authFiles.settingsSeed(publicKey));
      if (keyFromSeed(seed).publicKey === publicKey) return seed;
      throw new ZesterError(
        'denied',
        'KEY_MISMATCH',
        `Cannot use the settings key "${publicKey}": its file holds another`,
      );
    },
  };
}

/** The auth folder as it is now: opened again whenever a command changed it. */
export function followAuthDir(path: string): () => AuthDir {
  let opened = openAuthDir(path);
  let at = changedAt(join(path, authFiles.index));
  return () => {
    const now = changedAt(join(path, authFiles.index));
    if (now !== undefined && now !== at) [opened, at] = [openAuthDir(path), now];
    return opened;
  };
}

export function writeIndex(path: string, index: AuthIndex): void {
  writeFile(join(path, authFiles.index), `${JSON.stringify(index, undefined, 2)}\n`, 0o644);
}

/** The key to sign with now: the newest that peels have had the time to hear of. Throws `JOB_KEY_MISSING`. */
export function currentJobKey({ index, jobSeed }: AuthDir, now: number): SigningKey {
  const ready = index.jobKeys.filter(({ notBefore, notAfter }) => notBefore <= now && now < notAfter);
  const newest = ready.toSorted((a, b) => a.notBefore - b.notBefore).at(-1);
  if (newest !== undefined) return { id: newest.id, seed: jobSeed(newest.id) };
  throw new ZesterError('denied', 'JOB_KEY_MISSING', 'Cannot sign: no job-signing key is valid now', {
    hint: 'Make one with "zester nats-auth rotate jobs"',
  });
}

function parseIndex(text: string, path: string): AuthIndex {
  try {
    const index: unknown = JSON.parse(text);
    if ((index as { v?: unknown } | null)?.v === 1) throw tooOld(path);
    return z.parse(AuthIndex, index);
  } catch (cause) {
    if (cause instanceof ZesterError) throw cause;
    throw new ZesterError('source', 'AUTH_INDEX_INVALID', `Cannot read "${path}": it is not what we wrote`, { cause });
  }
}

/** Before version 2 peels were in one account with the stores. No re-signing moves them: their credentials name it. */
function tooOld(path: string): ZesterError {
  return new ZesterError(
    'usage',
    'AUTH_INDEX_OLD',
    `Cannot use "${path}": its peels share an account with the masters`,
    {
      hint: 'Make new identities with "zester nats-auth init" in another folder, and enrol the peels anew',
    },
  );
}
