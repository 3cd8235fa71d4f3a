import type { AuthIndex } from '#trust/auth-dir.ts';
import type { Revoked, RevokedLog } from '#trust/revoked-log.ts';
import type { Enrollment } from '#wire/enroll.ts';
import { holding } from './enrollments.ts';

/** User keys → seconds since the Unix epoch: JWTs issued until then are void. */
export type Revocations = Readonly<Record<string, number>>;

/**
 * A JWT is known to be over when its end has passed by this much: our clock may be ahead of the servers', and what is
 * left out too early lets somebody in.
 */
const marginMs = 7 * 86_400_000;

/**
 * Who is shut out: the union of everything that says so, with the later moment when two differ. Only what can be in
 * nobody's way any more is left out: keys of which every JWT has certainly expired.
 */
export function union(sources: readonly Revoked[], now: number): Revocations {
  const latest = new Map<string, Revoked>();
  for (const entry of sources) {
    const other = latest.get(entry.key);
    if (other === undefined || entry.at > other.at) latest.set(entry.key, entry);
    else if (entry.at === other.at) latest.set(entry.key, { ...other, ...longer(entry, other) });
  }
  const counting = [...latest.values()].filter(({ until }) => until === undefined || now < until + marginMs);
  return Object.fromEntries(counting.map(({ key, at }) => [key, at]));
}

/** Of two who tell of one revocation, one may not know how long it matters; of two who do, the longer counts. */
function longer(one: Revoked, other: Revoked): Pick<Revoked, 'until'> {
  const until = Math.max(one.until ?? 0, other.until ?? 0);
  return until === 0 ? {} : { until };
}

/** Operators and masters that were removed in the auth folder. */
export function ofIndex({ revoked }: AuthIndex): Revoked[] {
  return Object.entries(revoked).map(([key, at]) => ({ key, at }));
}

export function ofBook(enrollments: readonly Enrollment[]): Revoked[] {
  return enrollments
    .filter(({ state }) => state === 'revoked')
    .map(({ id, key, decidedAt, updatedAt, expiresAt }) => {
      const at = Math.floor((decidedAt ?? updatedAt) / 1_000);
      return { key, at, enrollment: id, ...(expiresAt === undefined ? {} : { until: expiresAt }) };
    });
}

/** A record counts as revoked when the durable list says so, whatever the store was put back to. */
export function revokedBy(log: Pick<RevokedLog, 'of'>): (enrollment: Enrollment) => Enrollment {
  return (enrollment) => {
    if (!holding.has(enrollment.state)) return enrollment;
    const ended = log.of(enrollment.key).find((entry) => ends(entry, enrollment));
    if (ended === undefined) return enrollment;
    const at = ended.at * 1_000;
    return { ...enrollment, state: 'revoked', decidedAt: at, updatedAt: Math.max(at, enrollment.updatedAt) };
  };
}

/** By its own id; or by its key, unless somebody approved the key after that. */
function ends(entry: Revoked, { id, decidedAt, createdAt }: Enrollment): boolean {
  return entry.enrollment === id || (decidedAt ?? createdAt) < entry.at * 1_000;
}
