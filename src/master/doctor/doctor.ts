import { asError } from '#base/errors.ts';
import type { Clock } from '#base/time.ts';
import { build } from '#base/version.ts';
import type { DoctorCheck, DoctorReply } from '#wire/doctor.ts';
import { cutText, letters } from '#wire/limits.ts';

/** What a check found; its name is the check's. */
export type Found = Omit<DoctorCheck, 'name'>;

/** One thing that may be wrong. To look at one more is one more entry in a list of these. */
export interface Check<View> {
  /** In a word or two: the first column of `zester doctor`. */
  readonly name: string;
  readonly look: (view: View) => Found | Promise<Found>;
}

/** Lines that one check shows. */
export const shownLines = 50;

/** All checks, one after the other; one that fails is a finding like any other. */
export async function examine<View>(
  checks: readonly Check<View>[],
  view: View,
  { master, clock }: { readonly master: string; readonly clock: Clock },
): Promise<DoctorReply> {
  const found: DoctorCheck[] = [];
  for (const { name, look } of checks) {
    try {
      found.push({ name, ...short(await look(view)) });
    } catch (error) {
      found.push({ name, status: 'problem', detail: `cannot be looked at: ${asError(error).message}` });
    }
  }
  return { master, version: build.version, now: clock.now(), checks: found };
}

function short({ lines, ...rest }: Found): Found {
  if (lines === undefined || lines.length === 0) return rest;
  const some = lines.slice(0, shownLines).map((line) => cutText(line, letters.name));
  const more = lines.length - some.length;
  return { ...rest, lines: more > 0 ? [...some, `and ${more} more`] : some };
}
