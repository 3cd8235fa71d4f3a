import { toHuman } from '#base/ids.ts';
import type { Refusal, Return } from '#wire/job.ts';

/** What became of one peel in a job. */
export interface PeelResult {
  /** As people write it. */
  readonly peel: string;
  /** `pending`: it has not answered, and may be at work. */
  readonly status: 'success' | 'failed' | 'unreachable' | 'pending';
  readonly return?: Return;
  /** Why there is no return. */
  readonly reason?: string;
  /** What it said instead of one. */
  readonly refusal?: Refusal;
}

export function resultOf(returned: Return): PeelResult {
  return {
    peel: toHuman(returned.peel),
    status: returned.success && returned.status === 'done' ? 'success' : 'failed',
    return: returned,
  };
}

/** A peel that is there, and will not run the job. */
export function refusedOf(refusal: Refusal): PeelResult {
  return { peel: toHuman(refusal.peel), status: 'failed', refusal };
}
