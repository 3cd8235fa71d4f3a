import { ErrorBody } from './error.ts';
import * as z from './schema.ts';

/** `ok` · `warning` deserves a look · `problem` costs somebody something: `zester doctor` then ends with an error. */
export const CheckStatus = z.enum(['ok', 'warning', 'problem']);
export type CheckStatus = z.output<typeof CheckStatus>;

/** One look at one thing, and what came of it. */
export const DoctorCheck = z.object({
  name: z.string(),
  status: CheckStatus,
  detail: z.string(),
  /** What to do. */
  hint: z.optional(z.string()),
  /** What it is about, a line each; of very many the first. */
  lines: z.optional(z.array(z.string())),
});
export type DoctorCheck = z.output<typeof DoctorCheck>;

export const DoctorReply = z.object({
  master: z.optional(z.string()),
  version: z.optional(z.string()),
  now: z.optional(z.number()),
  checks: z.optional(z.array(DoctorCheck)),
  error: z.optional(ErrorBody),
});
export type DoctorReply = z.output<typeof DoctorReply>;
