import { ErrorBody } from './error.ts';
import { bytes } from './job.ts';
import { moment, rowLimit, text } from './limits.ts';
import * as z from './schema.ts';

/**
 * Joining the fleet: `pending` asked · `approved` may fetch credentials · `rejected` · `issued` fetched them ·
 * `active` seen on the bus · `revoked` for good.
 */
export const EnrollState = z.enum(['pending', 'approved', 'rejected', 'issued', 'active', 'revoked']);
export type EnrollState = z.output<typeof EnrollState>;

/**
 * Why an operator should look twice at who asks: `id-held` another key holds the id · `key-revoked` its key was
 * revoked before.
 */
export const Doubt = z.enum(['id-held', 'key-revoked']);
export type Doubt = z.output<typeof Doubt>;

export const Enrollment = z.object({
  v: z.int(),
  /** `enr-<ksuid>`. */
  id: text('id'),
  peel: text('id'),
  /** The peel's user nkey, `U…`. */
  key: text('id'),
  /** Its curve key, `X…`: what settings are sealed for. */
  curveKey: text('id'),
  state: EnrollState,
  hostname: z.optional(text('name')),
  /** Address the request came from. */
  source: z.optional(text('name')),
  /** The CA root the peel trusts, `sha256:<hex>` of its public key; a mismatch blocks approval. */
  caPin: z.optional(text('name')),
  trust: z.enum(['ok', 'mismatch', 'unverified']),
  createdAt: moment,
  updatedAt: moment,
  decidedBy: z.optional(text('name')),
  decidedAt: z.optional(moment),
  reason: z.optional(text('sentence')),
  /** Of those who wait, told to operators; never stored. */
  doubts: z.optional(z.array(Doubt)),
  /** Id of the join token that approved it, when one did. */
  token: z.optional(text('name')),
  issuedAt: z.optional(moment),
  expiresAt: z.optional(moment),
});
export type Enrollment = z.output<typeof Enrollment>;

export const EnrollQuery = z.object({
  state: z.optional(EnrollState),
  id: z.optional(text('id')),
  after: z.optional(text('name')),
  limit: rowLimit,
});
export type EnrollQuery = z.output<typeof EnrollQuery>;
export const EnrollmentsReply = z.object({
  enrollments: z.optional(z.array(Enrollment)),
  /** Give it as `after` for the next page. */
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type EnrollmentsReply = z.output<typeof EnrollmentsReply>;

/** An operator's decision; exactly one of id, peel, and all who wait or some of them. Signed like a job. */
export const EnrollDecision = z.object({
  v: z.int(),
  action: z.enum(['approve', 'reject', 'revoke', 'token-create', 'token-revoke']),
  id: z.optional(text('name')),
  peel: z.optional(text('name')),
  allPending: z.optional(z.boolean()),
  /** Of those who wait: a glob of peel ids, and the address or network they asked from. */
  peels: z.optional(text('name')),
  source: z.optional(text('name')),
  /** Of those who wait: `next` of the reply before, to go on where it stopped. */
  after: z.optional(text('name')),
  force: z.optional(z.boolean()),
  reason: z.optional(text('sentence')),
  /** For a join token: a glob of the peel ids it may approve, how often, and how long it lives in milliseconds. */
  tokenPeels: z.optional(text('name')),
  tokenUses: z.optional(z.int()),
  tokenTtlMs: z.optional(z.number()),
  issuedAt: z.number(),
});
export type EnrollDecision = z.output<typeof EnrollDecision>;

export const EnrollDecisionReply = z.object({
  /** The first of them, as many as a reply holds. */
  enrollments: z.optional(z.array(Enrollment)),
  /** How many there are beyond those. */
  more: z.optional(z.int()),
  /** There may be others to decide about: ask again with it as `after`. */
  next: z.optional(z.string()),
  /** A new join token; shown once, kept as a hash. */
  token: z.optional(z.string()),
  warning: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type EnrollDecisionReply = z.output<typeof EnrollDecisionReply>;

/** A master key whose signature peels accept, and when. */
export const TrustedKey = z.object({
  id: z.string(),
  /** Public nkey. */
  key: z.string(),
  /** Milliseconds since the Unix epoch; windows of neighbouring keys overlap. */
  notBefore: z.number(),
  notAfter: z.number(),
});
export type TrustedKey = z.output<typeof TrustedKey>;

/** Whom a peel believes: delivered over verified TLS at enrolment, renewed by documents signed with a key it holds. */
export const TrustBundle = z.object({
  v: z.int(),
  /** Only goes up. */
  revision: z.int(),
  keys: z.array(TrustedKey),
  /** Public signing keys whose user JWTs are operators. */
  operatorIssuers: z.array(z.string()),
  /** Operators' public keys → seconds since the Unix epoch: JWTs issued until then are void. */
  revoked: z.record(z.string(), z.number()),
});
export type TrustBundle = z.output<typeof TrustBundle>;

/** A bundle signed by every key the master holds, so that a peel knowing any of them can follow. */
export const SignedTrust = z.object({
  bundle: bytes,
  signatures: z.array(
    z.object({
      key: z.string(),
      signature: bytes,
    }),
  ),
});
export type SignedTrust = z.output<typeof SignedTrust>;

/** Key of the signed bundle in the `trust` bucket. */
export const trustDocument = 'bundle';

/** `GET /api/v1/enroll/ca`: fetched before anything is trusted, so believed only as far as a pin says. */
export const CaDocument = z.object({
  v: z.int(),
  /** The root, PEM. */
  ca: z.string(),
  pin: z.string(),
});
export type CaDocument = z.output<typeof CaDocument>;

/** `POST /api/v1/enroll/challenge`: bytes to sign once, soon, to the master that gave them. */
export const ChallengeReply = z.object({ challenge: z.string(), expiresAt: z.number() });
export type ChallengeReply = z.output<typeof ChallengeReply>;

const base64url = z.string().check(z.maxLength(128), z.regex(/^[\w-]+$/));

/** `POST /api/v1/enroll`. The signature covers everything else, so that nothing can be stripped on the way. */
export const JoinRequest = z.object({
  v: z.int(),
  peel: z.string().check(z.maxLength(128)),
  key: z.string().check(z.maxLength(64)),
  curveKey: z.string().check(z.maxLength(64)),
  challenge: z.string().check(z.maxLength(256)),
  hostname: z.optional(z.string().check(z.maxLength(253))),
  /** Pin of the root this connection was verified by. */
  caPin: z.optional(z.string().check(z.maxLength(80))),
  token: z.optional(z.string().check(z.maxLength(128))),
  signature: base64url,
});
export type JoinRequest = z.output<typeof JoinRequest>;

/** What became of it; `GET /api/v1/enroll/{id}` answers the same, late when nothing changes. */
export const JoinReply = z.object({
  id: z.string(),
  peel: z.string(),
  state: EnrollState,
  reason: z.optional(z.string()),
});
export type JoinReply = z.output<typeof JoinReply>;

/** `POST /api/v1/enroll/{id}/credentials`. */
export const FetchRequest = z.object({
  v: z.int(),
  challenge: z.string().check(z.maxLength(256)),
  signature: base64url,
});
export type FetchRequest = z.output<typeof FetchRequest>;

/** `POST /api/v1/enroll/renew`. */
export const RenewRequest = z.object({
  v: z.int(),
  peel: z.string().check(z.maxLength(128)),
  key: z.string().check(z.maxLength(64)),
  challenge: z.string().check(z.maxLength(256)),
  signature: base64url,
});
export type RenewRequest = z.output<typeof RenewRequest>;

/** Credentials, and with them, over the same verified connection, whom to believe and where to go. */
export const CredentialsReply = z.object({
  peel: z.string(),
  jwt: z.string(),
  expiresAt: z.number(),
  trust: TrustBundle,
  natsUrls: z.array(z.string()),
  /** Root of the NATS servers' certificates, PEM. */
  natsCa: z.string(),
});
export type CredentialsReply = z.output<typeof CredentialsReply>;

/** Any other answer. */
export const HttpError = z.object({ error: ErrorBody });
