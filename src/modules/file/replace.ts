import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { editArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
import { StringList } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';
import { replacementOf } from '#pattern/replacement.ts';

export const replace = textEdit({
  name: 'file.replace',
  summary: 'Ensure no text of a file matches a pattern, and put another in its place',
  args: z.object({
    ...editArguments,
    pattern: z.string().min(1).describe('Regular expression; "^" and "$" stand for the ends of lines'),
    repl: z.string().default('').describe('What a match becomes; "\\1" and "\\g<name>" stand for groups'),
    count: z.int().min(0).default(0).describe('Matches to replace; 0 for all'),
    flags: StringList.default(['MULTILINE']).describe('"IGNORECASE", "MULTILINE", "DOTALL"'),
    append_if_not_found: z.boolean().default(false).describe('Add the content at the end when nothing matches'),
    prepend_if_not_found: z.boolean().default(false).describe('Add the content at the beginning when nothing matches'),
    not_found_content: z.string().optional().describe('The content to add; "repl" when left out'),
    ignore_if_missing: z.boolean().default(false).describe('A file that is not there is fine'),
  }),
  edit(text, wanted) {
    const { append_if_not_found: append, prepend_if_not_found: prepend } = wanted;
    if (text === undefined && wanted.ignore_if_missing) return undefined;
    if (text === undefined && !append && !prepend) throw fileUnknown('replace text in', wanted.name);
    const before = text ?? '';
    const once = substitute(before, wanted);
    if (once.found) return converging(once.text, wanted);
    if (!append && !prepend) return text;
    const content = linesOf(wanted.not_found_content ?? wanted.repl);
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
  differs: ['A replacement that its own pattern matches and changes again is refused.'],
});

interface Substitution {
  readonly name: string;
  readonly pattern: string;
  readonly repl: string;
  readonly count: number;
  readonly flags: readonly string[];
}

function substitute(text: string, wanted: Substitution): { readonly text: string; readonly found: boolean } {
  const regex = pattern(wanted.pattern, wanted.flags);
  const replacement = replacementOf(wanted.repl, regex);
  let [result, at, found] = ['', 0, 0];
  for (const match of regex.matches(text)) {
    result += text.slice(at, match.start) + replacement(match);
    at = match.end;
    if (++found === wanted.count) break;
  }
  return { text: result + text.slice(at), found: found > 0 };
}

function converging(text: string, wanted: Substitution): string {
  if (wanted.count > 0 || substitute(text, wanted).text === text) return text;
  throw new ZesterError(
    'source',
    'REPLACE_ENDLESS',
    `Cannot edit "${wanted.name}": what replaces the pattern matches it again`,
    {
      hint: 'Anchor the pattern with "^" and "$", so that it does not match its replacement',
    },
  );
}
