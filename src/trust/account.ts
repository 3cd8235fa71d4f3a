import { isError } from '#base/errors.ts';
import type { Role } from '#wire/channel.ts';
import { returnsStream } from '#wire/stores.ts';
import { grantsOf, inboxPrefix } from './grants.ts';
import { readJwt, signJwt } from './jwt.ts';
import { type Side, sharedBy } from './sharing.ts';

/** Public keys whose holders may sign users of one role. */
export type RoleKeys = Readonly<Record<Role, string>>;

/** Public keys of the two accounts, `A…`; their seeds were never kept. */
export type Accounts = Readonly<Record<Side, string>>;

export interface AccountContent {
  readonly side: Side;
  /** Of the environment. */
  readonly name: string;
  readonly accounts: Accounts;
  readonly roles: RoleKeys;
  /** User keys → seconds since the Unix epoch: JWTs issued until then are void. */
  readonly revoked?: Readonly<Record<string, number>>;
  /** A server keeps the newer of two: give the one this replaces. */
  readonly replaces?: string | undefined;
  readonly now: number;
}

const replyMs = 5 * 60_000;

/** Whose users are in which account. */
export const sideRoles = { control: ['master', 'operator'], peels: ['peel'] } as const satisfies Record<
  Side,
  readonly Role[]
>;

export function sideOf(role: Role): Side {
  return role === 'peel' ? 'peels' : 'control';
}

const unlimited = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: 0,
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
};

/** Of one connection; -1 is no limit. */
interface ConnectionLimits {
  readonly subs: number;
  readonly data: number;
  /** Bytes of a message. */
  readonly payload: number;
}

const noLimits: ConnectionLimits = { subs: -1, data: -1, payload: -1 };

/** Several times what each needs; what a server does not enforce, masters do. `zester doctor` shows them. */
export const roleLimits: Readonly<Record<Role, ConnectionLimits>> = {
  master: noLimits,
  operator: { ...noLimits, subs: 256 },
  peel: { ...noLimits, subs: 32, payload: returnsStream.maxMessageBytes },
};

const nothingStored = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };

/** Whom it shuts out makes an account long. What a server holds came to it in one message of a megabyte at most. */
const accountSize = { maxBytes: 1024 * 1024 };

/** An account of the environment: its scoped signing keys with today's grants, what it shares, and who is revoked. */
export function accountJwt(content: AccountContent, operatorSigningSeed: string): string {
  const { side, name, accounts, replaces, now } = content;
  // A server keeps the younger of two, and takes a file written in the same second for as young: be younger.
  const after = replaces === undefined ? 0 : readJwt(replaces, accountSize).iat + 1;
  const issuedAt = Math.max(Math.floor(now / 1_000), after);
  const subject = accounts[side];
  return signJwt({ subject, name: `${name}-${side}`, nats: accountClaims(content), issuedAt }, operatorSigningSeed);
}

/** Whether an account JWT says what we would say now. */
export function isCurrent(jwt: string, content: AccountContent): boolean {
  return JSON.stringify(readJwt(jwt, accountSize).nats) === JSON.stringify(accountClaims(content));
}

/** Whom an account JWT shuts out; undefined when it is not the operator's signing key that says so. */
export function claimedRevocations(jwt: string, operatorSigningKey: string): Record<string, number> | undefined {
  try {
    const { iss, nats } = readJwt(jwt, accountSize);
    if (iss !== operatorSigningKey) return undefined;
    const entries = Object.entries((nats.revocations ?? {}) as Record<string, unknown>);
    return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  } catch (error) {
    if (isError(error, 'JWT_INVALID')) return undefined;
    throw error;
  }
}

function accountClaims({ side, accounts, roles, revoked = {} }: AccountContent): Record<string, unknown> {
  const revocations = Object.fromEntries(Object.entries(revoked).toSorted());
  const other: Side = side === 'peels' ? 'control' : 'peels';
  return {
    type: 'account',
    version: 2,
    limits: side === 'peels' ? { ...unlimited, ...nothingStored } : unlimited,
    signing_keys: sideRoles[side].map((role) => scope(role, roles[role])),
    ...(Object.keys(revocations).length === 0 ? {} : { revocations }),
    default_permissions: { pub: { deny: ['>'] }, sub: { deny: ['>'] } },
    exports: sharedBy(side).map(({ subject, type }) => ({ name: subject, subject, type })),
    imports: sharedBy(other).map(({ subject, type }) => ({ name: subject, subject, account: accounts[other], type })),
  };
}

/** The account that nats-server itself answers in; its one user pushes account JWTs, and cuts connections. */
export function systemAccountJwt(
  { account, key, now }: { readonly account: string; readonly key: string; readonly now: number },
  operatorSigningSeed: string,
): string {
  const template = permissions({
    publish: ['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP', '$SYS.REQ.SERVER.*.KICK'],
    subscribe: [
      `${inboxPrefix('{{subject()}}')}.>`,
      // Who comes and goes: one identity with a thousand connections is cut back.
      '$SYS.ACCOUNT.*.CONNECT',
      '$SYS.ACCOUNT.*.DISCONNECT',
    ],
    responds: false,
  });
  const nats = {
    type: 'account',
    version: 2,
    limits: { ...unlimited, ...nothingStored },
    signing_keys: [{ kind: 'user_scope', key, role: 'sys', template }],
  };
  return signJwt({ subject: account, name: 'SYS', nats, issuedAt: Math.floor(now / 1_000) }, operatorSigningSeed);
}

export interface OperatorContent {
  readonly name: string;
  readonly operator: string;
  readonly signingKey: string;
  readonly systemAccount: string;
  readonly now: number;
}

/** The root of a NATS identity; signed by itself, once. */
export function operatorJwt(content: OperatorContent, operatorSeed: string): string {
  const { name, operator, signingKey, systemAccount, now } = content;
  const nats = {
    type: 'operator',
    version: 2,
    signing_keys: [signingKey],
    system_account: systemAccount,
    // Neither the operator's own key nor an account's may be used day to day: only signing keys, which can be replaced.
    strict_signing_key_usage: true,
  };
  return signJwt({ subject: operator, name, nats, issuedAt: Math.floor(now / 1_000) }, operatorSeed);
}

export interface NewUser {
  /** A peel's id, or the name of an operator or master. */
  readonly name: string;
  /** The user's public key: its seed stays where it was made. */
  readonly key: string;
  readonly account: string;
  readonly now: number;
  readonly lifetimeMs?: number | undefined;
  /** Seconds: when the key was once revoked, so that the new JWT is younger than the revocation. */
  readonly revokedAt?: number | undefined;
}

/** A user of the role whose signing key this is. A few hundred bytes: the grants are in the account. */
export function userJwt({ name, key, account, now, lifetimeMs, revokedAt = -1 }: NewUser, roleSeed: string): string {
  const issuedAt = Math.max(Math.floor(now / 1_000), revokedAt + 1);
  const expiresAt = lifetimeMs === undefined ? undefined : Math.floor((now + lifetimeMs) / 1_000);
  const nats = { type: 'user', version: 2, issuer_account: account };
  return signJwt({ subject: key, name, nats, issuedAt, expiresAt }, roleSeed);
}

function scope(role: Role, key: string): Record<string, unknown> {
  return { kind: 'user_scope', key, role, template: permissions(grantsOf(role), roleLimits[role]) };
}

function permissions(
  { publish, subscribe, responds }: ReturnType<typeof grantsOf>,
  limits: ConnectionLimits = noLimits,
): Record<string, unknown> {
  return {
    pub: { allow: publish },
    sub: { allow: subscribe },
    ...(responds ? { resp: { max: 1, ttl: replyMs * 1_000_000 } } : {}),
    ...limits,
    // Not as a leaf node, a websocket or MQTT: each would be another door with other rules.
    allowed_connection_types: ['STANDARD'],
  };
}
