import * as z from 'zod/mini';
import { Doubt, EnrollState } from '#wire/enroll.ts';
import { Moment, peelId } from '#wire/json/shape.ts';

export const Enrollment = z.object({
  id: z.string(),
  peel_id: peelId,
  key: z.string(),
  curve_key: z.string(),
  fingerprint: z.string(),
  state: EnrollState,
  hostname: z.optional(z.string()),
  source: z.optional(z.string()),
  ca_pin: z.optional(z.string()),
  trust: z.enum(['ok', 'mismatch', 'unverified']),
  created_at: Moment,
  updated_at: Moment,
  decided_by: z.optional(z.string()),
  decided_at: z.optional(Moment),
  reason: z.optional(z.string()),
  doubts: z.optional(z.array(Doubt)),
  token: z.optional(z.string()),
  issued_at: z.optional(Moment),
  expires_at: z.optional(Moment),
});

export const Enrollments = z.array(Enrollment);

const warning = z.optional(z.string());

export const Approved = z.object({ approved: Enrollments, more: z.int(), warning });
export const Rejected = z.object({ rejected: Enrollments, more: z.int(), warning });
export const Revoked = z.object({ revoked: Enrollments, warning });

export const Token = z.object({ token: z.string(), peels: z.string(), uses: z.int(), expires_at: Moment });
export const EndedToken = z.object({ id: z.string() });
