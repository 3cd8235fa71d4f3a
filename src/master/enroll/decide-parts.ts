import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Enrollments } from './enrollments.ts';
import type { Revocations } from './revocations.ts';

/** What decisions about enrolments are made with. */
export interface DecideParts {
  readonly enrollments: Enrollments;
  readonly revocations: Revocations;
  /** Deletes what the stores hold of a peel: facts, presence. */
  readonly forget: (peel: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}
