import type { Doubt, Enrollment } from '#wire/enroll.ts';
import type { Book } from './book.ts';
import type { Revocations } from './revocations.ts';

interface Knowing {
  readonly book: Pick<Book, 'holder'>;
  readonly revocations: Pick<Revocations, 'revokedAt'>;
}

/** What an operator should know before approving: strangers are told none of it. */
export function doubtsAbout({ peel, key, state }: Enrollment, { book, revocations }: Knowing): readonly Doubt[] {
  if (state !== 'pending') return [];
  const holder = book.holder(peel);
  return [
    ...(holder !== undefined && holder.key !== key ? (['id-held'] as const) : []),
    ...(revocations.revokedAt(key) === undefined ? [] : (['key-revoked'] as const)),
  ];
}

export function withDoubts(enrollment: Enrollment, knowing: Knowing): Enrollment {
  const doubts = doubtsAbout(enrollment, knowing);
  return doubts.length === 0 ? enrollment : { ...enrollment, doubts: [...doubts] };
}
