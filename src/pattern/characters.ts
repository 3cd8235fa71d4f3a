/** A set of characters: a table for ASCII, a test for the rest. */
export interface Characters {
  readonly ascii: Uint8Array;
  takes(code: number): boolean;
}

/** A range of codes, both ends included, or a class such as `\d`. */
export type Member = readonly [from: number, to: number] | ((code: number) => boolean);

export interface CharactersOptions {
  readonly negated?: boolean;
  readonly ignoreCase?: boolean;
}

export function charactersOf(
  members: readonly Member[],
  { negated = false, ignoreCase = false }: CharactersOptions = {},
): Characters {
  const has = (code: number) =>
    members.some((member) => (typeof member === 'function' ? member(code) : member[0] <= code && code <= member[1]));
  const holds = ignoreCase ? (code: number) => casesOf(code).some(has) : has;
  const takes = (code: number) => holds(code) !== negated;
  return { takes, ascii: Uint8Array.from({ length: 128 }, (_, code) => (takes(code) ? 1 : 0)) };
}

/** The character in upper and lower case, as far as that is one character. */
export function casesOf(code: number): readonly number[] {
  const text = String.fromCodePoint(code);
  const cases = [text, text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()];
  const codes = cases.map((each) => each.codePointAt(0) as number);
  return [...new Set(codes.filter((_, at) => at === 0 || [...(cases[at] as string)].length === 1))];
}

export function takes({ ascii, takes: rest }: Characters, code: number): boolean {
  return code < 128 ? ascii[code] === 1 : rest(code);
}

const digit = /^\p{Nd}$/u;
const word = /^[\p{L}\p{N}_]$/u;
const space = /^\s$/u;

/** `\d`, `\w`, `\s` and their opposites, as Python has them: of all scripts, or with `(?a)` of ASCII. */
export function characterClass(letter: string, onlyAscii: boolean): (code: number) => boolean {
  const lower = letter.toLowerCase();
  const pattern = lower === 'd' ? digit : lower === 'w' ? word : space;
  const belongs = (code: number) => {
    if (onlyAscii && code > 127) return false;
    return (
      (pattern === space && isOwnSpace(code)) || (code !== byteOrderMark && pattern.test(String.fromCodePoint(code)))
    );
  };
  return letter === lower ? belongs : (code) => !belongs(code);
}

/** Spaces to Python only; the byte order mark is one to JavaScript only. */
const isOwnSpace = (code: number) => (code >= 0x1c && code <= 0x1f) || code === 0x85;
const byteOrderMark = 0xfeff;

const wordAscii = Uint8Array.from({ length: 128 }, (_, code) => (word.test(String.fromCharCode(code)) ? 1 : 0));

export function isWordCharacter(code: number): boolean {
  return code < 128 ? wordAscii[code] === 1 : word.test(String.fromCodePoint(code));
}
