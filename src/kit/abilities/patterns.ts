import { globMatches } from '#pattern/glob.ts';
import { escapePattern, type Regex, regexOf } from '#pattern/regex.ts';

const flagNames: Readonly<Record<string, 'ignoreCase' | 'multiline' | 'dotAll' | undefined>> = {
  i: 'ignoreCase',
  ignorecase: 'ignoreCase',
  m: 'multiline',
  multiline: 'multiline',
  s: 'dotAll',
  dotall: 'dotAll',
};

/** A regular expression as Salt's states take it, which is Python's. Throws `PATTERN_INVALID` and its neighbours. */
export function pattern(written: string, flags: readonly string[] = []): Regex {
  const named = flags.flatMap((each) => flagNames[each.toLowerCase()] ?? []);
  return regexOf(written, Object.fromEntries(named.map((name) => [name, true])));
}

/** Names that a state takes as a glob, or after `E@` as a regular expression. */
export function nameMatcher(written: string): (name: string) => boolean {
  if (!written.startsWith('E@')) return (name) => globMatches(written, name);
  const regex = regexOf(written.slice(2));
  return (name) => regex.test(name);
}

/** Text that is meant as it stands. */
export function literal(text: string): string {
  return escapePattern(text);
}
