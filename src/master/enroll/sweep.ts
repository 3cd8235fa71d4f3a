import type { Log } from '#base/log.ts';
import type { Enrollments } from './enrollments.ts';

const day = 86_400_000;
const pendingMs = day;
const rejectedMs = 7 * day;
/** A flood that was turned away is not remembered one by one for a week. */
const maxRejected = 5_000;

/** Forgets what waits too long and what no longer matters. */
export async function sweep(
  enrollments: Enrollments,
  { now, log }: { readonly now: number; readonly log: Log },
): Promise<void> {
  const all = enrollments.all();
  const over = all.filter(({ state, createdAt, updatedAt, expiresAt = 0 }) => {
    if (state === 'pending') return now - createdAt > pendingMs;
    if (state === 'rejected') return now - updatedAt > rejectedMs;
    // A revocation must be kept as long as a JWT of that key could still be in date.
    return state === 'revoked' && now - updatedAt > rejectedMs && now > expiresAt + day;
  });
  const rejected = all.filter((each) => each.state === 'rejected' && !over.includes(each));
  const surplus = rejected.toSorted((a, b) => b.updatedAt - a.updatedAt).slice(maxRejected);
  for (const { id } of [...over, ...surplus]) await enrollments.remove(id);
  for (const { id, expiresAt } of enrollments.tokens()) if (now > expiresAt + day) await enrollments.remove(id);
  const count = over.length + surplus.length;
  if (count > 0) log.info('Old enrolments forgotten', { count });
}
