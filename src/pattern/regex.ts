import { isPairAt, Matcher } from './matcher.ts';
import { parsePattern } from './parse.ts';
import { type Program, programOf } from './program.ts';
import type { RegexFlags } from './syntax.ts';

/** A regular expression of Python's dialect, tried in time proportional to the text. */
export interface Regex {
  readonly pattern: string;
  readonly groupCount: number;
  readonly names: readonly string[];
  test(text: string): boolean;
  /** The first match anywhere, from a place on. */
  search(text: string, from?: number): Match | undefined;
  /** A match that begins where the text begins. */
  matchStart(text: string): Match | undefined;
  /** A match of the whole text. */
  fullMatch(text: string): Match | undefined;
  /** Matches one after another; none overlaps with the one before. */
  matches(text: string): Generator<Match>;
}

export interface Match {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

const known = new Map<string, Regex>();
const maxKnown = 1_000;

/** Throws `PATTERN_INVALID`, `PATTERN_UNSUPPORTED`, `PATTERN_TOO_LARGE`; its use may throw `PATTERN_TOO_COSTLY`. */
export function regexOf(pattern: string, flags: RegexFlags = {}): Regex {
  const key = `${flags.ignoreCase ?? false} ${flags.multiline ?? false} ${flags.dotAll ?? false} ${pattern}`;
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = compile(pattern, flags);
  if (known.size >= maxKnown) known.clear();
  known.set(key, made);
  return made;
}

function compile(pattern: string, flags: RegexFlags): Regex {
  const syntax = parsePattern(pattern, flags);
  const program = programOf(pattern, syntax);
  let whole: Program | undefined;
  const first = (text: string, { from = 0, sticky = false, using = program } = {}): Match | undefined => {
    const slots = new Matcher(pattern, using, text).find(from, sticky);
    return slots && matchOf(slots, text, using);
  };
  return {
    pattern,
    groupCount: syntax.groupCount,
    names: [...syntax.names.keys()],
    test: (text) => new Matcher(pattern, program, text).find(0, false) !== undefined,
    search: (text, from = 0) => first(text, { from }),
    matchStart: (text) => first(text, { sticky: true }),
    fullMatch(text) {
      whole ??= programOf(pattern, syntax, { toEnd: true });
      return first(text, { sticky: true, using: whole });
    },
    *matches(text) {
      // One matcher for all of them: what did not match once is not tried again.
      const matcher = new Matcher(pattern, program, text);
      for (let at = 0; at <= text.length; ) {
        const slots = matcher.find(at, false);
        if (slots === undefined) return;
        const match = matchOf(slots, text, program);
        yield match;
        const { start, end } = match;
        at = end > start ? end : end + (isPairAt(text, end) ? 2 : 1);
      }
    },
  };
}

function matchOf(slots: Int32Array, text: string, { groupCount, names }: Program): Match {
  const part = (index: number): string | undefined => {
    const [from, to] = [slots[index * 2] as number, slots[index * 2 + 1] as number];
    return from < 0 || to < 0 ? undefined : text.slice(from, to);
  };
  return {
    start: slots[0] as number,
    end: slots[1] as number,
    text: part(0) as string,
    groups: Array.from({ length: groupCount }, (_, index) => part(index + 1)),
    named: Object.fromEntries([...names].map(([name, index]) => [name, part(index)])),
  };
}

/** Python's `re.escape`. */
export function escapePattern(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}
