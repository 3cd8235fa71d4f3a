import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { keptEditArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
import { StringList } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';
import { literalReplacement, replacementOf } from '#pattern/replacement.ts';

export const replace = textEdit({
  name: 'file.replace',
  summary: 'Ensure no text of a file matches a pattern, and put another in its place',
  args: z.object({
    ...keptEditArguments,
    pattern: z.string().min(1).describe('Regular expression; "^" and "$" stand for the ends of lines'),
    repl: z.string().default('').describe('What a match becomes; "\\1" and "\\g<name>" stand for groups'),
    count: z.int().min(0).default(0).describe('Matches to replace; 0 for all'),
    flags: StringList.default(['MULTILINE']).describe('"IGNORECASE", "MULTILINE", "DOTALL", or their sum as a number'),
    backslash_literal: z.boolean().default(false).describe('Take "repl" as it stands: a backslash means nothing in it'),
    append_if_not_found: z.boolean().default(false).describe('Add the content at the end when nothing matches'),
    prepend_if_not_found: z.boolean().default(false).describe('Add the content at the beginning when nothing matches'),
    not_found_content: z.string().optional().describe('The content to add; what "repl" stands for when left out'),
    ignore_if_missing: z.boolean().default(false).describe('A file that is not there is fine'),
    bufsize: z.union([z.string(), z.int()]).optional().describe('For Salt: means nothing, a file is read whole'),
  }),
  seesLineEnds: ({ pattern, repl, not_found_content = '' }) =>
    [pattern, repl, not_found_content].some((each) => /\r|\\r|\\x0d/i.test(each)),
  edit(text, wanted) {
    const { append_if_not_found: append, prepend_if_not_found: prepend } = wanted;
    if (text === undefined && wanted.ignore_if_missing) return undefined;
    if (text === undefined && !append && !prepend) throw fileUnknown('replace text in', wanted.name);
    const before = text ?? '';
    const once = substitute(before, wanted);
    if (once.found) return converging(once.text, wanted);
    if (!append && !prepend) return text;
    const content = linesOf(wanted.not_found_content ?? ownText(wanted));
    const lines = linesOf(before);
    if (`\n${textOfLines(lines)}`.includes(`\n${textOfLines(content)}`)) return text;
    return textOfLines(prepend ? [...content, ...lines] : [...lines, ...content]);
  },
  examples: [
    {
      title: 'A value to change',
      args: { name: '/etc/ssh/sshd_config', pattern: '^#?Port .*$', repl: 'Port 2222' },
      given: { files: { '/etc/ssh/sshd_config': '#Port 22\nUsePAM yes\n' } },
      expect: { contents: { from: '#Port 22\nUsePAM yes\n', to: 'Port 2222\nUsePAM yes\n' } },
      real: true,
    },
    {
      title: 'The value is there',
      args: { name: '/etc/ssh/sshd_config', pattern: '^#?Port .*$', repl: 'Port 2222' },
      given: { files: { '/etc/ssh/sshd_config': 'Port 2222\n' } },
      expect: {},
      real: true,
    },
    {
      title: 'A group of the match, by its number',
      args: { name: '/etc/app.conf', pattern: '(?i)^(host)=.*', repl: '\\1=web-01' },
      given: { files: { '/etc/app.conf': 'HOST=x\n' } },
      expect: { contents: { from: 'HOST=x\n', to: 'HOST=web-01\n' } },
    },
    {
      title: 'A line to add when nothing matches',
      args: { name: '/etc/app.conf', pattern: '^port=.*', repl: 'port=80', append_if_not_found: true },
      given: { files: { '/etc/app.conf': 'host=x' } },
      expect: { contents: { from: 'host=x', to: 'host=x\nport=80\n' } },
    },
    {
      title: 'A line to add that has a backslash',
      args: {
        name: '/etc/snmp.conf',
        pattern: '^extend dirty.*$',
        repl: 'extend dirty "\\\\K\\\\d+"',
        append_if_not_found: true,
      },
      given: { files: { '/etc/snmp.conf': 'a\n' } },
      expect: { contents: { from: 'a\n', to: 'a\nextend dirty "\\K\\d+"\n' } },
    },
    {
      title: 'A line to add that would be made of a match',
      args: { name: '/etc/app.conf', pattern: '^(port)=.*', repl: '\\1=80', append_if_not_found: true },
      given: { files: { '/etc/app.conf': 'host=x\n' } },
      expect: { refusal: 'REPLACEMENT_INVALID' },
    },
    {
      title: 'A value in a file with the line ends of Windows',
      args: { name: '/srv/app.ini', pattern: '^port=.*$', repl: 'port=2' },
      given: { files: { '/srv/app.ini': 'port=1\r\nhost=x\r\n' } },
      expect: { contents: { from: 'port=1\r\nhost=x\r\n', to: 'port=2\r\nhost=x\r\n' } },
    },
    {
      title: 'The line ends of Windows themselves',
      args: { name: '/srv/app.ini', pattern: '\\r$', repl: '' },
      given: { files: { '/srv/app.ini': 'port=1\r\nhost=x\r\n' } },
      expect: { contents: { from: 'port=1\r\nhost=x\r\n', to: 'port=1\nhost=x\n' } },
    },
    {
      title: 'The first matches only, each of which would grow with every run',
      args: { name: '/etc/app.conf', pattern: 'port', repl: 'the port', count: 1 },
      given: { files: { '/etc/app.conf': 'port\n' } },
      expect: { refusal: 'REPLACE_ENDLESS' },
    },
    {
      title: 'A replacement that matches again, and would grow with every run',
      args: { name: '/etc/app.conf', pattern: 'port', repl: 'the port' },
      given: { files: { '/etc/app.conf': 'port\n' } },
      expect: { refusal: 'REPLACE_ENDLESS' },
    },
    {
      title: 'A file that is not there',
      args: { name: '/etc/app.conf', pattern: 'a' },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
    {
      title: 'A pattern that is none',
      args: { name: '/etc/motd', pattern: '(' },
      given: { files: { '/etc/motd': '' } },
      expect: { refusal: 'PATTERN_INVALID' },
    },
  ],
  differs: [
    'A replacement that its own pattern matches again is made until nothing changes, and refused where it never ends.',
    'What is added when nothing matches is what the replacement writes, escapes and all; where it takes a part of a match, "not_found_content" is needed.',
  ],
});

interface Substitution {
  readonly name: string;
  readonly pattern: string;
  readonly repl: string;
  readonly count: number;
  readonly flags: readonly string[];
  readonly backslash_literal: boolean;
}

function substitute(text: string, wanted: Substitution): { readonly text: string; readonly found: boolean } {
  const regex = pattern(wanted.pattern, wanted.flags);
  const replacement = wanted.backslash_literal ? () => wanted.repl : replacementOf(wanted.repl, regex);
  let [result, at, found] = ['', 0, 0];
  for (const match of regex.matches(text)) {
    result += text.slice(at, match.start) + replacement(match);
    at = match.end;
    if (++found === wanted.count) break;
  }
  return { text: result + text.slice(at), found: found > 0 };
}

/** What the replacement writes when there is no match to take a part of. Throws `REPLACEMENT_INVALID`. */
function ownText({ repl, backslash_literal }: Substitution): string {
  return backslash_literal ? repl : literalReplacement(repl);
}

/** So many times a replacement is made in what it made, such as of two blank lines by one, before it counts as endless. */
const passes = 10;

/**
 * A result that a later run leaves as it is: where the replacement matches again, it is made again. With a `count` it is
 * made once, and later runs go on with what is left. Throws `REPLACE_ENDLESS`.
 */
function converging(text: string, wanted: Substitution): string {
  const all = { ...wanted, count: 0 };
  let settled = text;
  for (let pass = 0; pass < passes; pass++) {
    const next = substitute(settled, all).text;
    if (next === settled) return wanted.count === 0 ? settled : text;
    settled = next;
  }
  throw new ZesterError(
    'source',
    'REPLACE_ENDLESS',
    `Cannot edit "${wanted.name}": what replaces the pattern matches it again`,
    { hint: 'Anchor the pattern with "^" and "$", so that it does not match its replacement' },
  );
}
