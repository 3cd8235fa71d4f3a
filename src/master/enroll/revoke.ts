import { asError, ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import { wireOf } from './choose.ts';
import type { DecideParts } from './decide-parts.ts';
import { holding, unknown } from './enrollments.ts';

/**
 * Ends an identity. None of the places that must hear of it waits for another, and one that fails does not keep the
 * others from it: the list on this disk, the record, the servers, and what the stores still say of the peel. Masters
 * make up for what failed. Rejects when nothing at all was done.
 */
export async function revoke(
  { enrollments, revocations, forget, clock, log }: DecideParts,
  { id, peel, reason }: EnrollDecision,
  by: string,
): Promise<EnrollDecisionReply> {
  const found = id === undefined ? enrollments.holder(peel === undefined ? '' : wireOf(peel)) : enrollments.find(id);
  if (found === undefined) throw unknown(id ?? peel ?? '');
  const now = clock.now();
  if (!holding.has(found.state)) throw notLive(found);
  const end = (current: Enrollment): Enrollment => {
    return { ...current, state: 'revoked', decidedBy: by, decidedAt: now, updatedAt: now, ...(reason && { reason }) };
  };

  const recorded = enrollments.change(found.id, end);
  const entry = { key: found.key, at: Math.floor(now / 1_000), enrollment: found.id };
  const kept = attempt(() =>
    revocations.add(found.expiresAt === undefined ? entry : { ...entry, until: found.expiresAt }),
  );
  const [record, disk, cut, purged] = await Promise.allSettled([
    recorded,
    kept,
    revocations.push(),
    forget(found.peel),
  ] as const);
  const failed = [record, disk, cut, purged].filter((each) => each.status === 'rejected');
  const troubles = failed.map(({ reason: why }) => asError(why).message);
  if (record.status === 'rejected' && disk.status === 'rejected' && cut.status === 'rejected') throw record.reason;
  log.info('Enrolment revoked', { enrollment: found.id, peel_id: found.peel, operator: by, reason });
  for (const trouble of troubles) log.error('Revocation incomplete', { peel_id: found.peel, reason: trouble });
  const warning = `Counts from now on, but is not done everywhere yet; masters keep trying: ${troubles.join('; ')}`;
  return { enrollments: [end(found)], ...(troubles.length === 0 ? {} : { warning }) };
}

async function attempt(act: () => void): Promise<void> {
  act();
}

function notLive({ peel, state }: Enrollment): ZesterError {
  return new ZesterError('usage', 'ENROLL_NOT_LIVE', `Cannot revoke "${toHuman(peel)}": it is ${state}`);
}
