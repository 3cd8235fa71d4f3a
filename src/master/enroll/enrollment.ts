import { join as joinPath } from 'node:path';
import type * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { AccountServers } from '#bus/system-account.ts';
import { userJwt } from '#trust/account.ts';
import { type AuthDir, authFiles, currentJobKey } from '#trust/auth-dir.ts';
import { signBundle } from '#trust/bundle.ts';
import { freshnessMs, type Operator, type OperatorTrust, verifyDecision } from '#trust/orders.ts';
import { openRevokedLog } from '#trust/revoked-log.ts';
import { bundleKeys, bundleOf } from '#trust/rotate.ts';
import type { SigningKey } from '#trust/signing.ts';
import type {
  ChallengeReply,
  CredentialsReply,
  EnrollDecision,
  EnrollDecisionReply,
  Enrollment,
  EnrollmentsReply,
  EnrollQuery,
  FetchRequest,
  JoinReply,
  JoinRequest,
  RenewRequest,
  SignedTrust,
} from '#wire/enroll.ts';
import type { SignedRequest } from '#wire/job.ts';
import { createChallenges } from './challenges.ts';
import { createDecide } from './decide.ts';
import { withDoubts } from './doubts.ts';
import { holding, openEnrollments } from './enrollments.ts';
import { join, proveFetch, proveRenew, type Quota, statusOf } from './join.ts';
import { createRevocations } from './revocations.ts';
import { revokedBy } from './shut-out.ts';
import { sweep } from './sweep.ts';
import { knownToken } from './tokens.ts';

export interface EnrollmentParts {
  readonly store: KvBucket;
  /** `followAuthDir(path)`. */
  readonly auth: () => AuthDir;
  readonly servers: AccountServers;
  /** Deletes what other stores hold of a peel: facts, presence. */
  readonly forget: (peel: string) => Promise<void>;
  /** Pin of the embedded CA; undefined when the enrolment certificate comes from elsewhere. */
  readonly pin: string | undefined;
  /** What peels are told: where NATS is, and whose certificates it shows. */
  readonly natsUrls: () => readonly string[];
  readonly natsCa: () => string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where records that cannot be read are remembered. */
  readonly bad?: BadRecords;
  readonly credentialLifetimeMs?: number;
  readonly quota?: Quota;
  /** May this operator make this decision? All may by default; throws `denied` otherwise. */
  readonly policy?: (operator: Operator, decision: EnrollDecision) => void;
}

/** Who may be in the fleet. All masters run one, over the same store. */
export interface EnrollmentService extends AsyncDisposable {
  challenge(): ChallengeReply;
  /** Id of the join token, when it is one of ours that is not over; whether it was used up makes no difference. */
  knownToken(token: string): string | undefined;
  join(request: JoinRequest, source: string): Promise<JoinReply>;
  status(id: string): JoinReply;
  /** Resolves when the enrolment is no longer pending, or at the signal. */
  settled(id: string, signal: AbortSignal): Promise<JoinReply>;
  fetch(id: string, request: FetchRequest): Promise<CredentialsReply>;
  renew(request: RenewRequest): Promise<CredentialsReply>;
  /** An operator's decision over the bus (`enrollDecide`). */
  decide(signed: SignedRequest): Promise<EnrollDecisionReply>;
  /** The same decision, made by the master itself: a rule, a test. */
  decideAs(operator: string, decision: EnrollDecision): Promise<EnrollDecisionReply>;
  /** `enrollments` over the bus. */
  list(query: z.output<typeof EnrollQuery>): EnrollmentsReply;
  /** A peel was heard on the bus: what was issued is active. */
  seen(peel: string): void;
  /** Calls when the key that counts for a peel may have changed, here or at another master. */
  onEnrolled(callback: (peel: string) => void): Disposable;
  /** The live enrolment of a peel: its keys are what settings are sealed for. */
  holder(peel: string): Enrollment | undefined;
  /**
   * The keys that a peel's words may be signed with, newest first. With `past` also those it had before: what they signed
   * while they current stays readable.
   */
  keysOf(peel: string, options?: { readonly past?: boolean }): readonly string[];
  /** Whether a peel was revoked and did not come back: what it says is dropped. */
  isRevoked(peel: string): boolean;
  /** The bundle for the `trust` bucket, signed by every job key. */
  signedTrust(): SignedTrust;
  readonly operators: () => OperatorTrust;
  readonly key: () => SigningKey;
  /** Writes all enrolments and tokens again, into a store that has lost them. */
  restore(): Promise<number>;
  /** Forgets what waits too long and what no longer matters. Run every few minutes. */
  sweep(): Promise<void>;
}

const day = 86_400_000;

export async function createEnrollment(parts: EnrollmentParts): Promise<EnrollmentService> {
  const { store, auth, servers, clock, log, credentialLifetimeMs = 30 * day, policy = () => {} } = parts;
  const kept = openRevokedLog(joinPath(auth().path, authFiles.revoked));
  const enrollments = await openEnrollments({ store, effective: revokedBy(kept), bad: parts.bad, log });
  const challenges = createChallenges(clock);
  const revocations = createRevocations({ enrollments, kept, auth, servers, clock, log });
  const decide = createDecide({ enrollments, revocations, forget: parts.forget, clock, log });
  const joining = { ...parts, enrollments, challenges, revocations };
  const once = refuseReplays(clock);
  const operators = () => bundleOf(auth().index);

  /** Says `issued` in the store before anything leaves: a master that dies in between leaves a peel that asks again. */
  const issue = async ({ id }: Enrollment): Promise<CredentialsReply> => {
    const now = clock.now();
    const expiresAt = now + credentialLifetimeMs;
    const issued = await enrollments.change(id, (current) => {
      if (!holding.has(current.state)) throw notLive(current);
      const state = current.state === 'approved' ? 'issued' : current.state;
      // Of all JWTs of this key, the one that lives longest: a revocation is kept until then.
      return {
        ...current,
        state,
        issuedAt: now,
        expiresAt: Math.max(expiresAt, current.expiresAt ?? 0),
        updatedAt: now,
      };
    });
    const { peel, key } = issued;
    const { index, roleSeed } = auth();
    const user = { name: peel, key, account: index.accounts.peels, now, lifetimeMs: credentialLifetimeMs };
    const jwt = userJwt({ ...user, revokedAt: revocations.revokedAt(key) }, roleSeed('peel'));
    log.info('Credentials issued', { enrollment: id, peel_id: peel, key, expires: expiresAt });
    return { peel, jwt, expiresAt, trust: bundleOf(index), natsUrls: [...parts.natsUrls()], natsCa: parts.natsCa() };
  };

  return {
    challenge: challenges.issue,
    knownToken: (token) => knownToken(enrollments, token, clock.now()),
    join: (request, source) => join(joining, request, source),
    status: (id) => statusOf(enrollments, id),
    async settled(id, signal) {
      const settled = Promise.withResolvers<void>();
      using _listening = enrollments.onChange(
        (each) => each.id === id && each.state !== 'pending' && settled.resolve(),
      );
      signal.addEventListener('abort', () => settled.resolve(), { once: true });
      if (statusOf(enrollments, id).state === 'pending' && !signal.aborted) await settled.promise;
      return statusOf(enrollments, id);
    },
    fetch: async (id, request) => issue(proveFetch(joining, id, request)),
    renew: async (request) => issue(proveRenew(joining, request)),
    async decide(signed) {
      const { request, operator } = verifyDecision(signed, operators(), clock.now());
      once(operator, signed);
      policy(operator, request);
      return decide(request, operator.name);
    },
    decideAs: (operator, decision) => decide(decision, operator),
    list: ({ state, id }) => ({
      enrollments: enrollments
        .all()
        .filter((each) => (state === undefined || each.state === state) && (id === undefined || each.id === id))
        .toSorted((a, b) => a.createdAt - b.createdAt)
        .map((each) => withDoubts(each, { enrollments, revocations })),
    }),
    seen(peel) {
      const issued = enrollments.holder(peel);
      if (issued?.state !== 'issued') return;
      const activate = (current: Enrollment): Enrollment =>
        current.state === 'issued' ? { ...current, state: 'active', updatedAt: clock.now() } : current;
      enrollments
        .change(issued.id, activate)
        .catch((error) => log.warn('Enrolment not activated', { peel_id: peel, error }));
    },
    onEnrolled: (callback) => enrollments.onChange(({ peel, state }) => holding.has(state) && callback(peel)),
    holder: enrollments.holder,
    restore: () => enrollments.restore(),
    keysOf(peel, { past = false } = {}) {
      const holder = enrollments.holder(peel);
      if (!past) return holder === undefined ? [] : [holder.key];
      const ever = enrollments.ofPeel(peel).filter(({ state }) => holding.has(state) || state === 'revoked');
      return [...new Set(ever.toSorted((a, b) => b.createdAt - a.createdAt).map(({ key }) => key))];
    },
    isRevoked: (peel) =>
      enrollments.holder(peel) === undefined && enrollments.ofPeel(peel).some(({ state }) => state === 'revoked'),
    signedTrust: () => signBundle(bundleOf(auth().index), bundleKeys(auth(), clock.now())),
    operators,
    key: () => currentJobKey(auth(), clock.now()),
    sweep: () => sweep(enrollments, { now: clock.now(), log }),
    async [Symbol.asyncDispose]() {
      await revocations[Symbol.asyncDispose]();
      enrollments[Symbol.dispose]();
    },
  };
}

/** A decision counts once: who recorded it on the bus cannot have a second join token made by sending it again. */
function refuseReplays(clock: Clock): (operator: Operator, signed: SignedRequest) => void {
  const seen = new Map<string, number>();
  return ({ key: by }, { request }) => {
    const now = clock.monotonic();
    for (const [old, at] of seen) {
      if (now - at < 2 * freshnessMs) break;
      seen.delete(old);
    }
    const key = `${by} ${Buffer.from(request).toString('base64')}`;
    if (seen.has(key)) {
      throw new ZesterError('denied', 'DECISION_REPLAYED', 'Cannot accept the decision: it was made before', {
        hint: 'Run the command again, which signs it anew',
      });
    }
    seen.set(key, now);
  };
}

function notLive({ peel, state }: Enrollment): ZesterError {
  return new ZesterError('denied', 'ENROLL_ENDED', `Cannot give credentials to "${peel}": it is ${state}`);
}
