import { buckets, returnsStream } from '#wire/stores.ts';
import type { Fleet } from './fleet.ts';
import type { ActiveJobs } from './jobs/active-jobs.ts';
import type { KeeperOptions } from './keeper.ts';
import type { Presence } from './presence.ts';
import type { Wanted } from './wanted.ts';

export interface RestorerParts {
  readonly presence: Presence;
  readonly fleet: Fleet;
  readonly activeJobs: ActiveJobs;
  readonly wanted: Wanted;
  readonly publishFiles: () => Promise<unknown>;
  readonly publishTrust: (() => Promise<unknown>) | undefined;
  readonly restoreEnrollments: (() => Promise<number>) | undefined;
  /** Compares jobs with the list of open ones. */
  readonly compare: () => Promise<void>;
}

/** What a master puts back into each store that was lost, and what it has to say of the rest. */
export function restorers(parts: RestorerParts): KeeperOptions['restore'] {
  const { presence, fleet, activeJobs, wanted, publishFiles, publishTrust, restoreEnrollments, compare } = parts;
  const openJobs = async () => {
    const jobs = await activeJobs.restore();
    await compare();
    return jobs;
  };
  return {
    [buckets.facts.name]: async () => {
      fleet.lose();
      return {
        note: () =>
          fleet.lost === 0
            ? 'all peels have published their facts again'
            : `${fleet.lost} peels are asked for their facts`,
        isWaiting: () => fleet.lost > 0,
      };
    },
    [buckets.presence.name]: async () => {
      const peels = await presence.restore();
      return { note: () => `${peels} peels were written again from memory` };
    },
    [buckets.stateFiles.name]: async () => {
      await publishFiles();
      return { note: () => 'the state tree was published again' };
    },
    [buckets.trust.name]: async () => {
      await publishTrust?.();
      return { note: () => 'the trusted keys were published again' };
    },
    [buckets.jobs.name]: async () => {
      const jobs = await openJobs();
      return { note: () => `${jobs} open jobs were written again from memory; those that had ended are forgotten` };
    },
    [buckets.activeJobs.name]: async () => {
      const jobs = await openJobs();
      return { note: () => `the list of ${jobs} open jobs was written again` };
    },
    [returnsStream.name]: async () => {
      wanted.returnsLost();
      return { note: () => 'peels were asked for their latest returns; earlier ones are gone' };
    },
    [buckets.enrollments.name]: async () => {
      const records = (await restoreEnrollments?.()) ?? 0;
      return { note: () => `${records} records of enrolment were written again from memory` };
    },
  };
}
