import type * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { EnrollDecision } from '#wire/enroll.ts';
import { JobRequest, KillRequest, type SignedRequest } from '#wire/job.ts';
import { type Credentials, readUserJwt, type UserClaims } from './jwt.ts';
import { type Purpose, sign, verify } from './signing.ts';

/** Who asked, proven by a signature. */
export interface Operator {
  readonly name: string;
  /** The operator's public key, `U…`. */
  readonly key: string;
}

/** Whose user JWTs are operators; a `TrustBundle` is one of these. */
export interface OperatorTrust {
  readonly operatorIssuers: readonly string[];
  /** Public keys → seconds since the Unix epoch: JWTs issued until then are void. */
  readonly revoked?: Readonly<Record<string, number>>;
}

/** How far clocks may be apart, and how long a request may travel. */
export const freshnessMs = 5 * 60_000;

/** An operator's request for a job, with the proof of who asked. */
export function signRequest(request: JobRequest, credentials: Credentials): SignedRequest {
  return signAs('request.job', request, credentials);
}

export function signKillRequest(request: KillRequest, credentials: Credentials): SignedRequest {
  return signAs('request.kill', request, credentials);
}

export function signDecision(decision: EnrollDecision, credentials: Credentials): SignedRequest {
  return signAs('request.enroll', decision, credentials);
}

/**
 * The request and who asked. Refuses what was not signed by a living operator within the last minutes:
 * `REQUEST_FORGED`, `REQUEST_STALE`, `OPERATOR_UNKNOWN`, `OPERATOR_EXPIRED`, `OPERATOR_REVOKED`.
 */
export function verifyRequest(signed: SignedRequest, trust: OperatorTrust, now: number): Verified<JobRequest> {
  return verifyAs('request.job', JobRequest, signed, trust, now);
}

export function verifyKillRequest(signed: SignedRequest, trust: OperatorTrust, now: number): Verified<KillRequest> {
  return verifyAs('request.kill', KillRequest, signed, trust, now);
}

export function verifyDecision(signed: SignedRequest, trust: OperatorTrust, now: number): Verified<EnrollDecision> {
  return verifyAs('request.enroll', EnrollDecision, signed, trust, now);
}

export interface Verified<Request> {
  readonly request: Request;
  readonly operator: Operator;
}

/** An operator's word that something was written by them, and not altered since. */
export interface Seal {
  readonly jwt: string;
  /** Base64. */
  readonly signature: string;
}

export function sealPlan(plan: Uint8Array, { jwt, seed }: Credentials): Seal {
  return { jwt, signature: Buffer.from(sign('plan', plan, seed)).toString('base64') };
}

/**
 * Who sealed it: an operator of the same account as the one who asks, also one whose time is over.
 * Throws `OPERATOR_UNKNOWN`; undefined when the seal does not fit what it is on.
 */
export function readSeal(plan: Uint8Array, seal: Seal, asking: Pick<Credentials, 'jwt'>): Operator | undefined {
  const user = knownUser(seal.jwt);
  if (user.issuer !== knownUser(asking.jwt).issuer) {
    throw denied('OPERATOR_UNKNOWN', user, 'its JWT was not issued to an operator of this account');
  }
  const isWhole = verify('plan', plan, Buffer.from(seal.signature, 'base64'), user.key);
  return isWhole ? { name: user.name, key: user.key } : undefined;
}

function signAs(purpose: Purpose, body: unknown, { jwt, seed }: Credentials): SignedRequest {
  const request = encode(body);
  return { request, jwt, signature: sign(purpose, request, seed) };
}

function verifyAs<Schema extends z.ZodMiniType<{ issuedAt: number }>>(
  purpose: Purpose,
  schema: Schema,
  { request, jwt, signature }: SignedRequest,
  trust: OperatorTrust,
  now: number,
): Verified<z.output<Schema>> {
  const user = knownUser(jwt);
  if (!trust.operatorIssuers.includes(user.issuer)) {
    throw denied('OPERATOR_UNKNOWN', user, 'its JWT was not issued to an operator');
  }
  if (user.expiresAtMs <= now) throw denied('OPERATOR_EXPIRED', user, 'its JWT has expired');
  if (isRevoked(user, trust.revoked ?? {})) throw denied('OPERATOR_REVOKED', user, 'it was revoked');
  if (!verify(purpose, request, signature, user.key)) {
    throw denied('REQUEST_FORGED', user, 'the signature is not by the key in the JWT');
  }
  const body = decodeAs(schema, request, 'request');
  const age = now - body.issuedAt;
  if (age <= freshnessMs && age >= -freshnessMs) return { request: body, operator: { name: user.name, key: user.key } };
  throw new ZesterError('denied', 'REQUEST_STALE', `Cannot accept the request of "${user.name}": it is not of now`, {
    hint: `Send it again, and compare the clocks: they differ, or it travelled, more than ${freshnessMs / 60_000} minutes`,
  });
}

/** Whether a revocation list voids this user's JWT, by NATS's own rule. */
export function isRevoked(
  { key, issuedAtMs }: Pick<UserClaims, 'key' | 'issuedAtMs'>,
  revoked: Readonly<Record<string, number>>,
): boolean {
  const until = Math.max(revoked[key] ?? -1, revoked['*'] ?? -1);
  return issuedAtMs <= until * 1_000;
}

// A JWT's own signature never stops holding, so it is checked once; whether it still counts is asked every time.
const users = new Map<string, UserClaims>();
const maxUsers = 256;

function knownUser(jwt: string): UserClaims {
  const known = users.get(jwt);
  if (known !== undefined) return known;
  const user = readUserJwt(jwt);
  if (users.size >= maxUsers) users.clear();
  users.set(jwt, user);
  return user;
}

function denied(code: string, { name }: UserClaims, reason: string): ZesterError {
  return new ZesterError('denied', code, `Cannot accept the request of "${name}": ${reason}`);
}
