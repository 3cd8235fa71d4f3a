import { toHuman } from '#base/ids.ts';
import { visible } from '#base/visible.ts';
import { fingerprint } from '#trust/proofs.ts';
import { channels } from '#wire/channels.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import type { Column } from './listing.ts';
import { ago } from './report/table.ts';
import type { Session } from './session.ts';

/** Signs a decision and has a master carry it out. */
export async function decide(
  session: Session,
  decision: Omit<EnrollDecision, 'v' | 'issuedAt'>,
): Promise<EnrollDecisionReply> {
  const signed = await session.sign('enroll', { v: 1, ...decision, issuedAt: session.clock.now() });
  return session.ask(channels.enrollDecide, signed, 30_000);
}

export interface ManyDecided {
  /** The first of them, by name. */
  readonly enrollments: readonly Enrollment[];
  readonly more: number;
  readonly warning: string | undefined;
}

const namedRows = 50;

/** A decision about all who wait, or some of them: a master takes so many at a time, and is asked until none are left. */
export async function decideMany(
  session: Session,
  decision: Omit<EnrollDecision, 'v' | 'issuedAt' | 'after'>,
): Promise<ManyDecided> {
  const enrollments: Enrollment[] = [];
  const warnings: string[] = [];
  let more = 0;
  let after: string | undefined;
  do {
    const reply = await decide(session, after === undefined ? decision : { ...decision, after });
    const named = reply.enrollments ?? [];
    const room = Math.max(0, namedRows - enrollments.length);
    enrollments.push(...named.slice(0, room));
    more += Math.max(0, named.length - room) + (reply.more ?? 0);
    if (reply.warning !== undefined) warnings.push(reply.warning);
    // A cursor that does not advance is no way on.
    after = reply.next !== undefined && reply.next > (after ?? '') ? reply.next : undefined;
  } while (after !== undefined);
  return { enrollments, more, warning: warnings.length === 0 ? undefined : warnings.join('\n') };
}

export type EnrollmentRow = Omit<Enrollment, 'v'> & { readonly fingerprint: string };

/** An enrolment as people know it. */
export function rowOf({ v: _, ...enrollment }: Enrollment): EnrollmentRow {
  return { ...enrollment, peel: toHuman(enrollment.peel), fingerprint: fingerprint(enrollment.key) };
}

/** What was decided, one line each, and what went wrong on the way. */
export function showDecided(
  verb: string,
  rows: readonly EnrollmentRow[],
  warning: string | undefined,
  more = 0,
): string {
  const lines = rows.map(({ id, peel }) => `Enrollment ${id} ${verb} (peel: ${peel})\n`);
  if (more > 0) lines.push(`And ${more} more ${verb}\n`);
  return [...lines, ...(warning === undefined ? [] : [`WARNING: ${visible(warning)}\n`])].join('');
}

const doubtTexts = { 'id-held': 'ID HELD BY ANOTHER KEY!', 'key-revoked': 'KEY WAS REVOKED!' } as const;

/** What a list of enrolments can show. */
export const enrollmentColumns: readonly Column<EnrollmentRow>[] = [
  { name: 'id', whole: true, text: ({ id }) => id },
  { name: 'peel', whole: true, text: ({ peel }) => peel },
  { name: 'fingerprint', whole: true, text: (row) => row.fingerprint },
  { name: 'hostname', text: ({ hostname = '-' }) => hostname },
  { name: 'source', text: ({ source = '-' }) => source },
  { name: 'state', whole: true, text: ({ state }) => state },
  { name: 'trust', whole: true, text: trustText },
  {
    name: 'created',
    whole: true,
    text: ({ createdAt }, style) => ago(createdAt, style),
    order: ({ createdAt }) => createdAt,
  },
];

function trustText({ trust, doubts = [] }: EnrollmentRow): string {
  return [trust === 'mismatch' ? 'MISMATCH!' : trust, ...doubts.map((each) => doubtTexts[each])].join(' ');
}
