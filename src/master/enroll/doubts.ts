import type { Doubt, Enrollment } from '#wire/enroll.ts';
import type { Enrollments } from './enrollments.ts';
import type { Revocations } from './revocations.ts';

interface Knowing {
  readonly enrollments: Pick<Enrollments, 'holder'>;
  readonly revocations: Pick<Revocations, 'revokedAt'>;
}

/** What an operator should know before approving: strangers are told none of it. */
export function doubtsAbout({ peel, key, state }: Enrollment, { enrollments, revocations }: Knowing): readonly Doubt[] {
  if (state !== 'pending') return [];
  const holder = enrollments.holder(peel);
  return [
    ...(holder !== undefined && holder.key !== key ? (['id-held'] as const) : []),
    ...(revocations.revokedAt(key) === undefined ? [] : (['key-revoked'] as const)),
  ];
}

export function withDoubts(enrollment: Enrollment, knowing: Knowing): Enrollment {
  const doubts = doubtsAbout(enrollment, knowing);
  return doubts.length === 0 ? enrollment : { ...enrollment, doubts: [...doubts] };
}
