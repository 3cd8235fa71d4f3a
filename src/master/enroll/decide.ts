import { asError, ZesterError } from '#base/errors.ts';
import { isPeelId, type PeelId, toHuman, toWire } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { fingerprint } from '#trust/proofs.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import { type Book, holding, unknown } from './book.ts';
import type { Revocations } from './revocations.ts';
import { createToken } from './tokens.ts';

export interface DecideParts {
  readonly book: Book;
  readonly revocations: Revocations;
  /** Deletes what the stores hold of a peel: facts, presence. */
  readonly forget: (peel: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

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

/** Approves one enrolment: claims its peel id, then says so, then turns the other candidates for the id away. */
export async function approve(
  { book, clock, log }: Pick<DecideParts, 'book' | 'clock' | 'log'>,
  id: string,
  { by, force = false, token }: { by: string; force?: boolean | undefined; token?: string | undefined },
): Promise<Enrollment> {
  const pending = book.find(id);
  if (pending === undefined) throw unknown(id);
  if (pending.state !== 'pending') throw notPending(pending);
  if (pending.trust === 'mismatch' && !force) {
    const name = toHuman(pending.peel);
    throw new ZesterError('denied', 'ENROLL_CA_MISMATCH', `Cannot approve "${name}": it trusts a CA that is not ours`, {
      hint: 'Somebody may stand between it and the master. Set enroll_ca_pin on the peel; only when you know why, use --force',
    });
  }
  await book.claim(pending.peel, id);
  const now = clock.now();
  const approved = await book.change(id, (current) => {
    if (current.state !== 'pending') throw notPending(current);
    return { ...current, state: 'approved', decidedBy: by, decidedAt: now, updatedAt: now, ...(token && { token }) };
  });
  log.info('Enrolment approved', { enrollment: id, peel_id: approved.peel, key: approved.key, operator: by });
  for (const other of candidates(book, approved.peel)) {
    await reject({ book, clock, log }, other, { by, reason: 'another key was approved for this id' });
  }
  return approved;
}

async function approveAll(parts: DecideParts, decision: EnrollDecision, by: string): Promise<EnrollDecisionReply> {
  const { force = false } = decision;
  const chosen = choose(parts.book, decision, (all, peel) => {
    const [one, ...more] = all;
    if (one === undefined || more.length === 0) return all;
    const list = all.map(({ id, key, source = '' }) => `${id} (${fingerprint(key)}, from ${source})`).join(', ');
    throw new ZesterError('usage', 'ENROLL_AMBIGUOUS', `Cannot approve "${toHuman(peel)}": several ask for this id`, {
      hint: `Compare fingerprints, then approve one by its enrolment id: ${list}`,
    });
  });
  if (!decision.allPending) {
    const enrollments: Enrollment[] = [];
    for (const { id } of chosen) enrollments.push(await approve(parts, id, { by, force }));
    return { enrollments };
  }
  return approveMany(parts, chosen, by);
}

/** Those about whom there is no doubt; the rest are named. */
async function approveMany(
  parts: DecideParts,
  pending: readonly Enrollment[],
  by: string,
): Promise<EnrollDecisionReply> {
  const enrollments: Enrollment[] = [];
  const left: string[] = [];
  for (const { id, peel } of pending) {
    const alone = candidates(parts.book, peel).length === 1;
    try {
      if (!alone) throw new ZesterError('usage', 'ENROLL_AMBIGUOUS', 'several ask for this id');
      enrollments.push(await approve(parts, id, { by }));
    } catch (error) {
      left.push(`${toHuman(peel)} (${asError(error).message})`);
    }
  }
  return { enrollments, ...(left.length === 0 ? {} : { warning: `Not approved: ${left.join('; ')}` }) };
}

async function rejectAll(parts: DecideParts, decision: EnrollDecision, by: string): Promise<EnrollDecisionReply> {
  const enrollments: Enrollment[] = [];
  for (const each of choose(parts.book, decision, (all) => all)) {
    enrollments.push(await reject(parts, each, { by, reason: decision.reason }));
  }
  return { enrollments };
}

async function reject(
  { book, clock, log }: Pick<DecideParts, 'book' | 'clock' | 'log'>,
  { id }: Enrollment,
  { by, reason }: { by: string; reason: string | undefined },
): Promise<Enrollment> {
  const now = clock.now();
  const rejected = await book.change(id, (current) => {
    if (current.state !== 'pending') throw notPending(current);
    return { ...current, state: 'rejected', decidedBy: by, decidedAt: now, updatedAt: now, ...(reason && { reason }) };
  });
  log.info('Enrolment rejected', { enrollment: id, peel_id: rejected.peel, operator: by, reason });
  return rejected;
}

/** Ends an identity: the record first, then the cut on the servers, then what the stores still say of it. */
async function revoke(
  parts: DecideParts,
  { id, peel, reason }: EnrollDecision,
  by: string,
): Promise<EnrollDecisionReply> {
  const { book, revocations, forget, clock, log } = parts;
  const wire = peel === undefined ? undefined : wireOf(peel);
  const found = id === undefined ? book.holder(wire ?? '') : book.find(id);
  if (found === undefined) throw unknown(id ?? peel ?? '');
  const now = clock.now();
  const revoked = await book.change(found.id, (current) => {
    if (!holding.has(current.state)) {
      throw new ZesterError(
        'usage',
        'ENROLL_NOT_LIVE',
        `Cannot revoke "${toHuman(current.peel)}": it is ${current.state}`,
      );
    }
    return { ...current, state: 'revoked', decidedBy: by, decidedAt: now, updatedAt: now, ...(reason && { reason }) };
  });
  log.info('Enrolment revoked', { enrollment: revoked.id, peel_id: revoked.peel, operator: by, reason });
  const [cut, purged] = await Promise.allSettled([revocations.push(), forget(revoked.peel)]);
  const troubles = [cut, purged].flatMap((each) => (each.status === 'rejected' ? [asError(each.reason).message] : []));
  for (const trouble of troubles) log.error('Revocation incomplete', { peel_id: revoked.peel, reason: trouble });
  const warning = `Recorded, but not done everywhere yet; masters keep trying: ${troubles.join('; ')}`;
  return { enrollments: [revoked], ...(troubles.length === 0 ? {} : { warning }) };
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
  await parts.book.addToken(record);
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
  { book, log }: DecideParts,
  { id = '' }: EnrollDecision,
  by: string,
): Promise<EnrollDecisionReply> {
  const tokenId = id.split('.')[0] ?? '';
  if (!(await book.changeToken(tokenId, () => undefined))) {
    throw new ZesterError('usage', 'TOKEN_UNKNOWN', `Cannot end the join token "${tokenId}": there is none`);
  }
  log.info('Join token ended', { operator: by, key: tokenId });
  return {};
}

/** The pending enrolments a decision means: exactly one of id, peel, allPending. */
function choose(
  book: Book,
  { id, peel, allPending }: EnrollDecision,
  ofPeel: (all: readonly Enrollment[], peel: string) => readonly Enrollment[],
): readonly Enrollment[] {
  if ([id, peel, allPending || undefined].filter((each) => each !== undefined).length !== 1) {
    throw new ZesterError(
      'usage',
      'ENROLL_CHOICE',
      'Cannot decide: give exactly one of an enrolment id, a peel, all pending',
    );
  }
  if (allPending) return book.all().filter(({ state }) => state === 'pending');
  if (peel !== undefined) {
    const all = candidates(book, wireOf(peel));
    if (all.length === 0) throw unknown(peel);
    return ofPeel(all, peel);
  }
  const found = book.find(id ?? '');
  if (found === undefined) throw unknown(id ?? '');
  return [found];
}

function candidates(book: Book, peel: string): readonly Enrollment[] {
  return book.all().filter((each) => each.peel === peel && each.state === 'pending');
}

/** Both forms are understood: `web-01.example.com` and `web-01_example_com`. */
function wireOf(peel: string): PeelId {
  return isPeelId(peel) ? peel : toWire(peel);
}

function notPending({ id, state }: Enrollment): ZesterError {
  return new ZesterError('usage', 'ENROLL_NOT_PENDING', `Cannot decide about "${id}": it is ${state} already`);
}
