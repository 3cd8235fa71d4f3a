import { ZesterError } from '#base/errors.ts';
import { globMatches } from '#pattern/glob.ts';
import { escapePattern, type Regex, regexOf } from '#pattern/regex.ts';

type FlagName = 'ignoreCase' | 'multiline' | 'dotAll';

const flagNames: Readonly<Record<string, readonly FlagName[] | undefined>> = {
  i: ['ignoreCase'],
  ignorecase: ['ignoreCase'],
  2: ['ignoreCase'],
  m: ['multiline'],
  multiline: ['multiline'],
  8: ['multiline'],
  s: ['dotAll'],
  dotall: ['dotAll'],
  16: ['dotAll'],
  // All text is Unicode.
  u: [],
  unicode: [],
  32: [],
};

/** A regular expression as Salt's states take it, which is Python's. Throws `PATTERN_INVALID` and its neighbours. */
export function pattern(written: string, flags: readonly string[] = []): Regex {
  const named = flags.flatMap((each) => flagsOf(each));
  return regexOf(written, Object.fromEntries(named.map((name) => [name, true])));
}

/** By name, or as Python numbers them: a sum of powers of two. Throws `PATTERN_FLAG_UNKNOWN`. */
function flagsOf(written: string): readonly FlagName[] {
  const words = /^\d+$/.test(written) ? bitsOf(Number(written)) : [written.toLowerCase()];
  return words.flatMap((word) => flagNames[word] ?? refuseFlag(written));
}

function bitsOf(sum: number): readonly string[] {
  return sum
    .toString(2)
    .split('')
    .flatMap((digit, index, all) => (digit === '1' ? [String(2 ** (all.length - 1 - index))] : []));
}

function refuseFlag(written: string): never {
  throw new ZesterError('source', 'PATTERN_FLAG_UNKNOWN', `Cannot use the flag "${written}" of a pattern`, {
    hint: 'The flags are IGNORECASE, MULTILINE and DOTALL',
  });
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
