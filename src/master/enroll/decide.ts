import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { fingerprint } from '#trust/proofs.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import { chooseOne, choosesMany, decideMany, pendingOf } from './choose.ts';
import type { DecideParts } from './decide-parts.ts';
import { doubtsAbout } from './doubts.ts';
import { taken, unknown } from './enrollments.ts';
import { revoke } from './revoke.ts';
import { createToken } from './tokens.ts';

/** Every decision there is goes through here, whoever made it: an operator over the bus, a rule, a join token. */
export type Decide = (decision: EnrollDecision, operator: string) => Promise<EnrollDecisionReply>;

const defaultTokenMs = 24 * 3_600_000;
const maxTokenMs = 30 * defaultTokenMs;

export function createDecide(parts: DecideParts): Decide {
  return async (decision, operator) => {
    switch (decision.action) {
      case 'approve':
        return approveAll(parts, decision, operator);
      case 'reject':
        return rejectAll(parts, decision, operator);
      case 'revoke':
        return revoke(parts, decision, operator);
      case 'token-create':
        return makeToken(parts, decision, operator);
      case 'token-revoke':
        return endToken(parts, decision, operator);
    }
  };
}

/** Why the other candidates for an id were turned away. */
export const superseded = 'another key was approved for this id';

/** Approves one enrolment: claims its peel id, then says so, then turns the other candidates for the id away. */
export async function approve(
  { enrollments, clock, log }: Pick<DecideParts, 'enrollments' | 'clock' | 'log'>,
  id: string,
  { by, force = false, token }: { by: string; force?: boolean | undefined; token?: string | undefined },
): Promise<Enrollment> {
  const pending = enrollments.find(id);
  if (pending === undefined) throw unknown(id);
  if (pending.state !== 'pending') throw notPending(pending);
  if (pending.trust === 'mismatch' && !force) {
    const name = toHuman(pending.peel);
    throw new ZesterError('denied', 'ENROLL_CA_MISMATCH', `Cannot approve "${name}": it trusts a CA that is not ours`, {
      hint: 'Somebody may stand between it and the master. Set enroll_ca_pin on the peel; only when you know why, use --force',
    });
  }
  await enrollments.claim(pending.peel, id);
  const now = clock.now();
  const approved = await enrollments.change(id, (current) => {
    if (current.state !== 'pending') throw notPending(current);
    return { ...current, state: 'approved', decidedBy: by, decidedAt: now, updatedAt: now, ...(token && { token }) };
  });
  log.info('Enrolment approved', { enrollment: id, peel_id: approved.peel, key: approved.key, operator: by });
  for (const other of pendingOf(enrollments, approved.peel)) {
    await reject({ enrollments, clock, log }, other, { by, reason: superseded });
  }
  return approved;
}

async function approveAll(parts: DecideParts, decision: EnrollDecision, by: string): Promise<EnrollDecisionReply> {
  const { force = false } = decision;
  if (choosesMany(decision)) {
    if (force) {
      throw new ZesterError(
        'usage',
        'ENROLL_CHOICE',
        'Cannot force the approval of many: doubts are settled one by one',
      );
    }
    return decideMany(parts.enrollments, decision, 'approved', async (each) => {
      checkDoubts(each, parts);
      return approve(parts, each.id, { by });
    });
  }
  const [one, ...more] = chooseOne(parts.enrollments, decision);
  if (more.length > 0) throw ambiguous([one, ...more]);
  return { enrollments: [await approve(parts, one.id, { by, force })] };
}

async function rejectAll(parts: DecideParts, decision: EnrollDecision, by: string): Promise<EnrollDecisionReply> {
  const turnAway = (each: Enrollment) => reject(parts, each, { by, reason: decision.reason });
  if (choosesMany(decision)) return decideMany(parts.enrollments, decision, 'rejected', turnAway);
  const enrollments: Enrollment[] = [];
  for (const each of chooseOne(parts.enrollments, decision)) enrollments.push(await turnAway(each));
  return { enrollments };
}

/** Those about whom there is doubt are approved one by one, by somebody who looked. */
function checkDoubts(enrollment: Enrollment, parts: DecideParts): void {
  const doubts = doubtsAbout(enrollment, parts);
  if (doubts.includes('id-held')) throw taken(enrollment.peel, parts.enrollments.holder(enrollment.peel)?.id ?? '');
  if (doubts.includes('key-revoked')) {
    throw new ZesterError(
      'denied',
      'ENROLL_KEY_REVOKED',
      `Cannot approve "${toHuman(enrollment.peel)}" with others: its key was revoked`,
      {
        hint: `If it may come back, approve it by its enrolment id: ${enrollment.id}`,
      },
    );
  }
  const all = pendingOf(parts.enrollments, enrollment.peel);
  if (all.length > 1) throw ambiguous(all);
}

function ambiguous(all: readonly Enrollment[]): ZesterError {
  const peel = toHuman(all[0]?.peel ?? '');
  const list = all
    .slice(0, 5)
    .map(({ id, key, source = '' }) => `${id} (${fingerprint(key)}, from ${source})`)
    .join(', ');
  return new ZesterError('usage', 'ENROLL_AMBIGUOUS', `Cannot approve "${peel}": several ask for this id`, {
    hint: `Compare fingerprints, then approve one by its enrolment id: ${list}`,
  });
}

async function reject(
  { enrollments, clock, log }: Pick<DecideParts, 'enrollments' | 'clock' | 'log'>,
  { id }: Enrollment,
  { by, reason }: { by: string; reason: string | undefined },
): Promise<Enrollment> {
  const now = clock.now();
  const rejected = await enrollments.change(id, (current) => {
    if (current.state !== 'pending') throw notPending(current);
    return { ...current, state: 'rejected', decidedBy: by, decidedAt: now, updatedAt: now, ...(reason && { reason }) };
  });
  log.info('Enrolment rejected', { enrollment: id, peel_id: rejected.peel, operator: by, reason });
  return rejected;
}

async function makeToken(parts: DecideParts, decision: EnrollDecision, by: string): Promise<EnrollDecisionReply> {
  const { tokenPeels: peels = '*', tokenUses: uses = 1, tokenTtlMs: ttlMs = defaultTokenMs } = decision;
  const bad = uses < 1 || uses > 100_000 || ttlMs <= 0 || ttlMs > maxTokenMs || !/^[\w.*?-]{1,128}$/.test(peels);
  if (bad) {
    throw new ZesterError('usage', 'TOKEN_WISH_INVALID', 'Cannot make the join token: a limit is out of range', {
      hint: 'Give 1 to 100000 uses, at most 30 days, and a glob of peel ids',
    });
  }
  const { token, record } = createToken({ peels, uses, ttlMs, createdBy: by, now: parts.clock.now() });
  await parts.enrollments.addToken(record);
  parts.log.info('Join token made', {
    operator: by,
    key: record.id,
    targets: peels,
    count: uses,
    expires: record.expiresAt,
  });
  return { token };
}

async function endToken(
  { enrollments, log }: DecideParts,
  { id = '' }: EnrollDecision,
  by: string,
): Promise<EnrollDecisionReply> {
  const tokenId = id.split('.')[0] ?? '';
  if (!(await enrollments.changeToken(tokenId, () => undefined))) {
    throw new ZesterError('usage', 'TOKEN_UNKNOWN', `Cannot end the join token "${tokenId}": there is none`);
  }
  log.info('Join token ended', { operator: by, key: tokenId });
  return {};
}

function notPending({ id, state }: Enrollment): ZesterError {
  return new ZesterError('usage', 'ENROLL_NOT_PENDING', `Cannot decide about "${id}": it is ${state} already`);
}
