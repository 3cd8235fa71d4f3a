import * as z from 'zod/mini';
import { ErrorBody } from './error.ts';
import { bytes } from './job.ts';

/**
 * Joining the fleet: `pending` asked · `approved` may fetch credentials · `rejected` · `issued` fetched them ·
 * `active` seen on the bus · `revoked` for good.
 */
export const EnrollState = z.enum(['pending', 'approved', 'rejected', 'issued', 'active', 'revoked']);
export type EnrollState = z.output<typeof EnrollState>;

export const Enrollment = z.object({
  v: z.int(),
  /** `enr-<ksuid>`. */
  id: z.string(),
  peel: z.string(),
  /** The peel's user nkey, `U…`. */
  key: z.string(),
  /** Its curve key, `X…`: what settings are sealed for. */
  curveKey: z.string(),
  state: EnrollState,
  hostname: z.optional(z.string()),
  /** Address the request came from. */
  source: z.optional(z.string()),
  /** The CA root the peel trusts, `sha256:<hex>` of its public key; a mismatch blocks approval. */
  caPin: z.optional(z.string()),
  trust: z.enum(['ok', 'mismatch', 'unverified']),
  createdAt: z.number(),
  updatedAt: z.number(),
  decidedBy: z.optional(z.string()),
  decidedAt: z.optional(z.number()),
  reason: z.optional(z.string()),
  /** Id of the join token that approved it, when one did. */
  token: z.optional(z.string()),
  issuedAt: z.optional(z.number()),
  expiresAt: z.optional(z.number()),
});
export type Enrollment = z.output<typeof Enrollment>;

export const EnrollQuery = z.object({ state: z.optional(EnrollState), id: z.optional(z.string()) });
export const EnrollmentsReply = z.object({
  enrollments: z.optional(z.array(Enrollment)),
  error: z.optional(ErrorBody),
});
export type EnrollmentsReply = z.output<typeof EnrollmentsReply>;

/** An operator's decision; exactly one of id, peel, allPending. Signed like a job. */
export const EnrollDecision = z.object({
  v: z.int(),
  action: z.enum(['approve', 'reject', 'revoke', 'token-create', 'token-revoke']),
  id: z.optional(z.string()),
  peel: z.optional(z.string()),
  allPending: z.optional(z.boolean()),
  force: z.optional(z.boolean()),
  reason: z.optional(z.string()),
  /** For a join token: a glob of the peel ids it may approve, how often, and how long it lives in milliseconds. */
  tokenPeels: z.optional(z.string()),
  tokenUses: z.optional(z.int()),
  tokenTtlMs: z.optional(z.number()),
  issuedAt: z.number(),
});
export type EnrollDecision = z.output<typeof EnrollDecision>;

export const EnrollDecisionReply = z.object({
  enrollments: z.optional(z.array(Enrollment)),
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
