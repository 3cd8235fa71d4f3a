import { toHuman } from '#base/ids.ts';
import { fingerprint } from '#trust/proofs.ts';
import { channels } from '#wire/channels.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import { type Style, safe } from './report/style.ts';
import { ago, table } from './report/table.ts';
import type { Session } from './session.ts';

/** Signs a decision and has a master carry it out. */
export async function decide(
  session: Session,
  decision: Omit<EnrollDecision, 'v' | 'issuedAt'>,
): Promise<EnrollDecisionReply> {
  const signed = await session.sign('enroll', { v: 1, ...decision, issuedAt: session.clock.now() });
  return session.ask(channels.enrollDecide, signed, 30_000);
}

export type EnrollmentRow = Omit<Enrollment, 'v'> & { readonly fingerprint: string };

/** An enrolment as people know it. */
export function rowOf({ v: _, ...enrollment }: Enrollment): EnrollmentRow {
  return { ...enrollment, peel: toHuman(enrollment.peel), fingerprint: fingerprint(enrollment.key) };
}

/** What was decided, one line each, and what went wrong on the way. */
export function showDecided(verb: string, rows: readonly EnrollmentRow[], warning: string | undefined): string {
  const lines = rows.map(({ id, peel }) => `Enrollment ${id} ${verb} (peel: ${peel})\n`);
  return [...lines, ...(warning === undefined ? [] : [`WARNING: ${safe(warning)}\n`])].join('');
}

export function enrollmentTable(rows: readonly EnrollmentRow[], style: Style): string {
  const cells = rows.map(({ hostname = '-', source = '-', trust, createdAt, ...row }) => [
    row.id,
    row.peel,
    row.fingerprint,
    hostname,
    source,
    row.state,
    trust === 'mismatch' ? 'MISMATCH!' : trust,
    ago(createdAt, style),
  ]);
  return table(['ID', 'PEEL', 'FINGERPRINT', 'HOSTNAME', 'SOURCE', 'STATE', 'TRUST', 'CREATED'], cells, style);
}
