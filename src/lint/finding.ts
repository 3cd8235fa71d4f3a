import type { Place } from '#base/errors.ts';

/** An error keeps a tree from working, a warning from being good; a note says what could not be judged. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at: Place;
  /** The machines it was found on; left out when it holds for all, or for any. */
  readonly profiles?: readonly string[] | undefined;
}

/** What a rule finds; on which machine, when it looked at one. */
export interface Found {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at: Place;
  readonly profile?: string | undefined;
  /** Milder than the rule itself, when it cannot be sure. */
  readonly severity?: Severity | undefined;
}

/** Findings by place, each told once with all its machines. */
export function collect(
  found: Iterable<Found & { readonly code: string; readonly severity: Severity }>,
  profiles: readonly string[],
): readonly Finding[] {
  const merged = new Map<string, { finding: Finding; on: Set<string> }>();
  for (const { code, severity, message, hint, at, profile } of found) {
    const key = `${at.file}:${at.line}:${at.column}:${code}`;
    const known = merged.get(key) ?? { finding: { code, severity, message, hint, at }, on: new Set<string>() };
    if (graver(severity, known.finding.severity)) known.finding = { code, severity, message, hint, at };
    for (const each of profile === undefined ? profiles : [profile]) known.on.add(each);
    merged.set(key, known);
  }
  return [...merged.values()].map(({ finding, on }) =>
    on.size < profiles.length ? { ...finding, profiles: [...on] } : finding,
  );
}

/** By file, line and column. */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(byPlace);
}

const weights: Readonly<Record<Severity, number>> = { error: 2, warning: 1, note: 0 };

function graver(one: Severity, other: Severity): boolean {
  return weights[one] > weights[other];
}

function byPlace(one: Finding, other: Finding): number {
  const [a, b] = [one.at, other.at];
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (one.code < other.code ? -1 : 1);
}
