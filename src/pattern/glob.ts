export interface Glob {
  test(text: string): boolean;
}

export interface GlobOptions {
  /** `[^x]` negates as `[!x]` does; in Python's fnmatch the caret is a character like any other. */
  readonly caretNegates?: boolean;
}

/** What stands between two stars: it has a fixed length, so the leftmost place where it fits is the best one. */
interface Segment {
  readonly length: number;
  /** Where it fits first, from there on; -1 when nowhere. */
  find(text: string, from: number): number;
  fits(text: string, at: number): boolean;
}

/**
 * `*`, `?`, `[a-z]`, `[!x]`; an unclosed bracket is itself. Its time is bounded by both lengths multiplied, whatever
 * the pattern: a regular expression with as many stars may take for ever.
 */
export function compileGlob(pattern: string, { caretNegates = false }: GlobOptions = {}): Glob {
  const segments = splitAtStars(pattern).map((part) => segmentOf(part, caretNegates));
  const [first, ...others] = segments as [Segment, ...Segment[]];
  const last = others.pop();
  if (last === undefined) return { test: (text) => text.length === first.length && first.fits(text, 0) };

  if (others.length === 0) {
    // One star is what people write: a beginning and an end, nothing in between to look for.
    const least = first.length + last.length;
    return {
      test: (text) => text.length >= least && first.fits(text, 0) && last.fits(text, text.length - last.length),
    };
  }
  const least = segments.reduce((sum, { length }) => sum + length, 0);
  return {
    test(text) {
      if (text.length < least || !first.fits(text, 0)) return false;
      const end = text.length - last.length;
      if (!last.fits(text, end)) return false;
      let at = first.length;
      for (const segment of others) {
        const found = segment.find(text, at);
        if (found < 0) return false;
        at = found + segment.length;
      }
      return at <= end;
    },
  };
}

const made = new Map<string, Glob>();
const maxMade = 1_000;

/** Python's `fnmatchcase`, which every glob of Salt's language is. */
export function globMatches(pattern: string, text: string): boolean {
  if (!isGlob(pattern)) return pattern === text;
  const there = made.get(pattern);
  if (there !== undefined) return there.test(text);
  const glob = compileGlob(pattern);
  if (made.size >= maxMade) made.clear();
  made.set(pattern, glob);
  return glob.test(text);
}

/** The glob as a regular expression, for an automaton; a backtracking engine must not see it. */
export function globSource(pattern: string, { caretNegates = false }: GlobOptions = {}): string {
  return `^${splitAtStars(pattern)
    .map((part) => regexOf(part, caretNegates).source)
    .join('.*')}$`;
}

/** True when the text has a character that a glob treats specially. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Offset of a bracket that nothing closes, if there is one. */
export function unclosedBracket(pattern: string): number | undefined {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== '[') continue;
    const end = bracketEnd(pattern, at);
    if (end < 0) return at;
    at = end;
  }
  return undefined;
}

function splitAtStars(pattern: string): string[] {
  const parts = [''];
  for (let at = 0; at < pattern.length; at++) {
    const end = pattern[at] === '[' ? bracketEnd(pattern, at) : -1;
    const piece = end > 0 ? pattern.slice(at, end + 1) : (pattern[at] as string);
    if (piece === '*') parts.push('');
    else parts[parts.length - 1] += piece;
    at += piece.length - 1;
  }
  return parts;
}

function segmentOf(part: string, caretNegates: boolean): Segment {
  const isLiteral = !/[?[]/.test(part) || part === '[';
  if (isLiteral) {
    const { length } = part;
    return {
      length,
      find: (text, from) => text.indexOf(part, from),
      // A loop of our own is compiled with its caller; `startsWith` is a call into the runtime for a few characters.
      fits(text, at) {
        for (let each = 0; each < length; each++) {
          if (text.charCodeAt(at + each) !== part.charCodeAt(each)) return false;
        }
        return true;
      },
    };
  }
  const { source, length } = regexOf(part, caretNegates);
  const [anywhere, here] = [new RegExp(source, 'gs'), new RegExp(source, 'sy')];
  return {
    length,
    find(text, from) {
      anywhere.lastIndex = from;
      return anywhere.exec(text)?.index ?? -1;
    },
    fits(text, at) {
      here.lastIndex = at;
      return here.test(text);
    },
  };
}

/** Without repetitions, so without surprises in time. */
function regexOf(part: string, caretNegates: boolean): { readonly source: string; readonly length: number } {
  let [source, length] = ['', 0];
  for (let at = 0; at < part.length; at++, length++) {
    const end = part[at] === '[' ? bracketEnd(part, at) : -1;
    if (end > 0) {
      source += classOf(part.slice(at + 1, end), caretNegates);
      at = end;
    } else {
      source += part[at] === '?' ? '.' : escaped(part[at] as string);
    }
  }
  return { source, length };
}

/** As in fnmatch, a `]` that comes first in its class is a member. */
function bracketEnd(pattern: string, start: number): number {
  const first = pattern[start + 1] === '!' || pattern[start + 1] === '^' ? start + 2 : start + 1;
  return pattern.indexOf(']', first + 1);
}

function classOf(body: string, caretNegates: boolean): string {
  const negated = body.startsWith('!') || (caretNegates && body.startsWith('^'));
  const members = negated ? body.slice(1) : body;
  let source = '';
  for (let at = 0; at < members.length; at++) {
    const [from, dash, to] = [members[at] as string, members[at + 1], members[at + 2]];
    const isRange = dash === '-' && to !== undefined;
    // A range the wrong way round holds nothing; a RegExp would refuse it.
    if (isRange && from <= to) source += `${escaped(from)}-${escaped(to)}`;
    else if (!isRange) source += escaped(from);
    if (isRange) at += 2;
  }
  if (source === '') return negated ? '.' : '[^\\s\\S]';
  return `[${negated ? '^' : ''}${source}]`;
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}
