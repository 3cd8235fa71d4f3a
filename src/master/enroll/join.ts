import { isError, ZesterError } from '#base/errors.ts';
import { isPeelId, ksuid, toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { visibleLine } from '#base/visible.ts';
import { isPublicKey } from '#trust/nkeys.ts';
import { verifyFetch, verifyJoin, verifyRenew } from '#trust/proofs.ts';
import type { Enrollment, FetchRequest, JoinReply, JoinRequest, RenewRequest } from '#wire/enroll.ts';
import type { Challenges } from './challenges.ts';
import { approve, superseded } from './decide.ts';
import { type Enrollments, holding, unknown } from './enrollments.ts';
import type { Revocations } from './revocations.ts';
import { checkToken, useToken } from './tokens.ts';

export interface JoinParts {
  readonly enrollments: Enrollments;
  readonly challenges: Challenges;
  readonly revocations: Pick<Revocations, 'revokedAt'>;
  /** Pin of our own root; undefined when certificates come from elsewhere. */
  readonly pin: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly quota?: Quota;
}

export interface Quota {
  readonly pending: number;
  readonly pendingPerPeel: number;
  readonly pendingPerSource: number;
}

const defaultQuota: Quota = { pending: 2_000, pendingPerPeel: 5, pendingPerSource: 50 };
/** How long a decision against a key is repeated to it before it may ask again. */
const coolDownMs = 10 * 60_000;

/**
 * Takes a request to join. What is live already, pending already, or decided a moment ago is answered from memory.
 * Who asks for an id that another key holds waits like anybody else: that the id is held is for operators to see.
 */
export async function join(parts: JoinParts, request: JoinRequest, source: string): Promise<JoinReply> {
  const { enrollments, challenges, revocations, pin, clock } = parts;
  checkForm(request);
  challenges.spend(request.challenge);
  if (!verifyJoin(request)) throw forged('ENROLL_FORGED', request.peel);
  const { peel, key } = request;
  const holder = enrollments.holder(peel);
  if (holder?.key === key) return replyOf(await refresh(parts, holder, request));

  const token =
    request.token === undefined ? undefined : checkToken(enrollments, request.token, { peel, now: clock.now() });
  const earlier = latestOf(enrollments, peel, key);
  const coolingDown = earlier?.decidedAt !== undefined && clock.now() - earlier.decidedAt < coolDownMs;
  if (earlier !== undefined && earlier.state !== 'pending' && coolingDown) return replyOf(earlier);
  const trust = trustOf(request.caPin, pin);
  // A revoked key comes back by an operator's word alone, and so does a second key for an id.
  const wasRevoked = earlier?.state === 'revoked' || revocations.revokedAt(key) !== undefined;
  const mayUseToken = token !== undefined && trust !== 'mismatch' && !wasRevoked && holder === undefined;
  // Whoever is let in at once takes up no room among those who wait.
  if (earlier?.state !== 'pending' && !mayUseToken) checkQuota(parts, peel, source);
  const pending = earlier?.state === 'pending' ? earlier : await add(parts, { request, source, trust });
  if (!mayUseToken) return replyOf(pending);
  await useToken(enrollments, token.id);
  try {
    return replyOf(await approve(parts, pending.id, { by: token.createdBy, token: token.id }));
  } catch (error) {
    if (isError(error, 'ENROLL_ID_TAKEN')) return replyOf(pending);
    throw error;
  }
}

export function statusOf(enrollments: Enrollments, id: string): JoinReply {
  const enrollment = enrollments.find(id);
  if (enrollment === undefined) throw unknown(id);
  return replyOf(enrollment);
}

/** The enrolment whose credentials are to be handed out, once whoever asks proved to hold its key. */
export function proveFetch({ enrollments, challenges }: JoinParts, id: string, request: FetchRequest): Enrollment {
  challenges.spend(request.challenge);
  const enrollment = enrollments.find(id);
  if (enrollment === undefined || !verifyFetch(id, request, enrollment.key)) throw forged('ENROLL_FORGED', id);
  return live(enrollment);
}

export function proveRenew({ enrollments, challenges }: JoinParts, request: RenewRequest): Enrollment {
  challenges.spend(request.challenge);
  const { peel, key } = request;
  if (!isPublicKey(key, 'user') || !verifyRenew(request)) throw forged('ENROLL_FORGED', peel);
  const enrollment = latestOf(enrollments, peel, key);
  if (enrollment === undefined) throw unknown(toHuman(peel));
  return live(enrollment);
}

function live(enrollment: Enrollment): Enrollment {
  const { state, peel, reason } = enrollment;
  if (holding.has(state)) return enrollment;
  const code = `ENROLL_${state.toUpperCase()}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  throw new ZesterError('denied', code, `Cannot give credentials to "${toHuman(peel)}": it is ${state}${why}`);
}

interface Asked {
  readonly request: JoinRequest;
  readonly source: string;
  readonly trust: Enrollment['trust'];
}

async function add({ enrollments, clock, log }: JoinParts, { request, source, trust }: Asked): Promise<Enrollment> {
  const now = clock.now();
  const { peel, key, curveKey, hostname, caPin } = request;
  const enrollment: Enrollment = {
    v: 1,
    id: `enr-${ksuid(now)}`,
    peel,
    key,
    curveKey,
    state: 'pending',
    source,
    trust,
    createdAt: now,
    updatedAt: now,
    ...(hostname === undefined ? {} : { hostname: told(hostname) }),
    ...(caPin === undefined ? {} : { caPin: told(caPin) }),
  };
  await enrollments.add(enrollment);
  const { id } = enrollment;
  log.info('Enrolment requested', { enrollment: id, peel_id: peel, key, addr: source, status: trust });
  return enrollment;
}

/** A peel that lost its curve key but not its nkey says so by enrolling again: settings are sealed for the new one. */
async function refresh(
  { enrollments, clock, log }: JoinParts,
  holder: Enrollment,
  request: JoinRequest,
): Promise<Enrollment> {
  const { curveKey } = request;
  if (holder.curveKey === curveKey) return holder;
  log.info('Enrolled peel changed its curve key', { enrollment: holder.id, peel_id: holder.peel });
  return enrollments.change(holder.id, (current) => ({ ...live(current), curveKey, updatedAt: clock.now() }));
}

function trustOf(caPin: string | undefined, pin: string | undefined): Enrollment['trust'] {
  if (pin === undefined) return 'unverified';
  // With a CA of our own every peel verified us by some root and says which; who says none was cut short on the way.
  return caPin === pin ? 'ok' : 'mismatch';
}

function checkForm({ peel, key, curveKey }: JoinRequest): void {
  if (isPeelId(peel) && isPublicKey(key, 'user') && isPublicKey(curveKey, 'curve')) return;
  throw new ZesterError('usage', 'ENROLL_MALFORMED', 'Cannot read the request to join: an id or a key is not valid');
}

function checkQuota({ enrollments, quota = defaultQuota }: JoinParts, peel: string, source: string): void {
  const full =
    enrollments.pending >= quota.pending ||
    enrollments.ofPeel(peel).filter(({ state }) => state === 'pending').length >= quota.pendingPerPeel ||
    enrollments.pendingFrom(source) >= quota.pendingPerSource;
  if (!full) return;
  throw new ZesterError('unreachable', 'ENROLL_BUSY', `Cannot take the request of "${toHuman(peel)}": too many wait`, {
    hint: 'Decide about those in "zester enroll list", or use a join token',
  });
}

function latestOf(enrollments: Enrollments, peel: string, key: string): Enrollment | undefined {
  const all = enrollments.ofPeel(peel).filter((each) => each.key === key);
  return all.toSorted((a, b) => a.createdAt - b.createdAt).at(-1);
}

/** The reason is an operator's, for whoever asked; that another key was approved is nobody's business. */
function replyOf({ id, peel, state, reason }: Enrollment): JoinReply {
  return { id, peel, state, ...(reason === undefined || reason === superseded ? {} : { reason }) };
}

/** What a stranger says of itself ends on operators' terminals, and need not be long. */
function told(text: string): string {
  return visibleLine(text.slice(0, 253));
}

function forged(code: string, name: string): ZesterError {
  return new ZesterError('denied', code, `Cannot accept the request of "${told(name)}": its proof does not hold`);
}
