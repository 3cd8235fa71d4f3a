import { ZesterError } from '#base/errors.ts';

const flagLetters: Readonly<Record<string, string>> = {
  i: 'i',
  ignorecase: 'i',
  m: 'm',
  multiline: 'm',
  s: 's',
  dotall: 's',
};

/**
 * A regular expression as Salt's states take it, which is Python's: leading `(?i)`, `(?P<name>…)`, `\A` and `\Z` are
 * understood. Throws `PATTERN_INVALID`.
 */
export function pattern(written: string, flags: readonly string[] = []): RegExp {
  const [, inline = '', body = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(written) ?? [];
  const source = body
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, '$1(?<![\\s\\S])')
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, '$1(?![\\s\\S])');
  const letters = [...inline, ...flags].map((each) => flagLetters[each.toLowerCase()] ?? '');
  try {
    return new RegExp(source, [...new Set(['g', ...letters])].join(''));
  } catch (error) {
    throw new ZesterError(
      'source',
      'PATTERN_INVALID',
      `Cannot use the pattern "${written}": it is no regular expression`,
      {
        cause: error,
      },
    );
  }
}

/** What a match becomes: `\1` and `\g<name>` stand for groups, as in Python; `\n` and `\t` are themselves. */
export function replacement(written: string, match: RegExpExecArray): string {
  return written.replace(
    /\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g,
    (whole, name: string, digit: string, character: string) => {
      const group = name ?? digit;
      if (group !== undefined) return (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? '';
      return { n: '\n', t: '\t', '\\': '\\' }[character] ?? whole;
    },
  );
}

/** Text that is meant as it stands. */
export function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
