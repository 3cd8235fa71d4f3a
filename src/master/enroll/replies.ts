import type { Clock } from '#base/time.ts';
import type { Enrollment, EnrollmentsReply, EnrollQuery } from '#wire/enroll.ts';
import { createPager } from '../pager.ts';

type Filter = Pick<EnrollQuery, 'state' | 'id'>;

/** Enrolments in pages: there may be as many as machines, and as many more as ever asked. */
export function createEnrollmentPages(list: (filter: Filter) => EnrollmentsReply, clock: Clock) {
  const pager = createPager<Filter, Enrollment, Enrollment>({
    all: (filter) => (list(filter).enrollments ?? []).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    keyOf,
    shown: (enrollment) => enrollment,
    clock,
  });
  return ({ after, limit, ...filter }: EnrollQuery): EnrollmentsReply => {
    const { rows, next } = pager.page(filter, { after, limit });
    return { enrollments: [...rows], ...(next === undefined ? {} : { next }) };
  };
}

/** Oldest first; within a moment by id, so that no two have the same place. */
function keyOf({ createdAt, id }: Enrollment): string {
  return `${String(Math.floor(createdAt)).padStart(14, '0')} ${id}`;
}
