import { ZesterError } from '#base/errors.ts';
import type { Match, Regex } from './regex.ts';

/** What a match becomes. */
export type Replacement = (match: Match) => string;

type Part = string | { readonly group: string };

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
};

/** `\1`, `\g<1>` and `\g<name>` stand for groups, as in Python. Throws `REPLACEMENT_INVALID`. */
export function replacementOf(written: string, { groupCount, names }: Regex): Replacement {
  const parts = partsOf(written);
  for (const part of parts) {
    if (typeof part === 'string' || names.includes(part.group)) continue;
    const isNumber = /^\d+$/.test(part.group);
    if (!isNumber) throw invalid(written, `its pattern has no group "${part.group}"`);
    if (Number(part.group) > groupCount) throw invalid(written, `its pattern has no group ${part.group}`);
  }
  return (match) => parts.map((part) => (typeof part === 'string' ? part : groupText(part.group, match))).join('');
}

/** What a replacement writes without a match. Throws `REPLACEMENT_INVALID` when it takes a part of one. */
export function literalReplacement(written: string): string {
  return partsOf(written)
    .map((part) => {
      if (typeof part === 'string') return part;
      throw invalid(
        written,
        'nothing matches, and it takes a part of a match',
        'Say what to add instead: "not_found_content"',
      );
    })
    .join('');
}

function groupText(group: string, { text, groups, named }: Match): string {
  if (!/^\d+$/.test(group)) return named[group] ?? '';
  return (group === '0' ? text : groups[Number(group) - 1]) ?? '';
}

function partsOf(written: string): readonly Part[] {
  const parts: Part[] = [];
  const pattern = /\\(?:g<(\w+)>|([1-9]\d?)|(0[0-7]{0,2})|([\s\S]))|[^\\]+|\\$/g;
  for (const [whole, name, digits, octal, letter] of written.matchAll(pattern)) {
    const group = name ?? digits;
    if (group !== undefined) parts.push({ group });
    else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (letter === undefined) parts.push(whole);
    else if (escapes[letter] !== undefined) parts.push(escapes[letter]);
    else if (/[A-Za-z]/.test(letter)) throw invalid(written, `bad escape \\${letter}`);
    else parts.push(`\\${letter}`);
  }
  return parts;
}

function invalid(
  written: string,
  reason: string,
  hint = 'Write "\\\\" for a backslash, "\\1" and "\\g<name>" for groups of the pattern',
): ZesterError {
  return new ZesterError('source', 'REPLACEMENT_INVALID', `Cannot replace a match by "${written}": ${reason}`, {
    hint,
  });
}
