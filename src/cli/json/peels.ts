import * as z from 'zod/mini';
import { Moment, peelId } from '#wire/json/shape.ts';

export const Peel = z.object({
  peel_id: peelId,
  online: z.boolean(),
  /** When that last changed. */
  since: z.optional(Moment),
  version: z.optional(z.string()),
  os: z.optional(z.string()),
  arch: z.optional(z.string()),
  address: z.optional(z.string()),
  clock_skew_ms: z.optional(z.number()),
  warning: z.optional(z.string()),
  over: z.optional(z.string()),
});

export const Peels = z.array(Peel);

/** A peel with its facts, or the one that was asked for. One that was never seen has little else. */
export const PeelWithFacts = z.extend(z.partial(Peel), { peel_id: peelId, facts: z.unknown() });

export const Targeted = z.object({ target: z.string(), reading: z.string(), peels: z.array(z.string()) });
