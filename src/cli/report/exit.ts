import type { ZesterError } from '#base/errors.ts';

/** 0 all succeeded · 1 the CLI could not do its job · 2–5 by what came of it · 64 wrong usage. */
export const exitCodes = { ok: 0, trouble: 1, failed: 2, unreachable: 3, both: 4, noMatch: 5, usage: 64 } as const;

/** Left by Ctrl-C, as shells count it. */
export const interrupted = 130;

export interface Tally {
  readonly failed: number;
  readonly unreachable: number;
}

export function exitOf({ failed, unreachable }: Tally): number {
  if (failed > 0 && unreachable > 0) return exitCodes.both;
  if (unreachable > 0) return exitCodes.unreachable;
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

/** Well-formed questions whose answer is "there is none": the command line was right. */
const notUsage = /^(JOB|PEEL|ENROLLMENT|MODULE|FACT)_UNKNOWN$|^(FILE|TREE)_UNREADABLE$|_CONFLICT$/;

/** Follows where an error was met, which is here, not what it was. */
export function exitOfError({ family, code }: ZesterError): number {
  if (code === 'TARGET_EMPTY' || code === 'NOTHING_MATCHED') return exitCodes.noMatch;
  if (family === 'usage' && !notUsage.test(code)) return exitCodes.usage;
  return exitCodes.trouble;
}
