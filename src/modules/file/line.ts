import * as z from 'zod';
import { pattern } from '#kit/abilities/patterns.ts';
import { editArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';

const args = z.object({
  ...editArguments,
  content: z.string().default('').describe('The line'),
  mode: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['ensure', 'replace', 'insert', 'delete', 'absent']))
    .prefault('ensure')
    .describe('What to do: "ensure", "replace", "insert" or "delete" ("absent" is the same)'),
  match: z.string().optional().describe('Lines it is about: a regular expression; the line itself when left out'),
  before: z.string().optional().describe('Put it before the first line that matches'),
  after: z.string().optional().describe('Put it after the first line that matches; wins over "before"'),
  location: z.enum(['start', 'end']).default('end').describe('Where it goes when no line is named'),
  indent: z.boolean().default(true).describe('Keep the indentation of the line it replaces'),
});

export const line = textEdit({
  name: 'file.line',
  summary: 'Ensure a line is in a file, is another, or is not there',
  args,
  edit(text, wanted) {
    const removes = wanted.mode === 'delete' || wanted.mode === 'absent';
    if (text === undefined && (removes || wanted.mode === 'replace')) return undefined;
    const lines = linesOf(text ?? '');
    const edited = removes ? lines.filter((each) => !finder(wanted)(each)) : placed(lines, wanted);
    return edited.length === lines.length && edited.every((each, index) => each === lines[index])
      ? text
      : textOfLines(edited);
  },
  examples: [
    {
      title: 'A line to have, after another',
      args: { name: '/etc/app.conf', content: 'port = 80', after: '^\\[web\\]' },
      given: { files: { '/etc/app.conf': '[web]\nhost = x\n' } },
      expect: { contents: { from: '[web]\nhost = x\n', to: '[web]\nport = 80\nhost = x\n' } },
      real: true,
    },
    {
      title: 'The line is there',
      args: { name: '/etc/app.conf', content: 'port = 80' },
      given: { files: { '/etc/app.conf': '[web]\n  port = 80\n' } },
      expect: {},
    },
    {
      title: 'A line that becomes another, where it stands',
      args: { name: '/etc/app.conf', content: 'port = 80', match: '^\\s*port', mode: 'replace' },
      given: { files: { '/etc/app.conf': '[web]\n  port = 9\n' } },
      expect: { contents: { from: '[web]\n  port = 9\n', to: '[web]\n  port = 80\n' } },
    },
    {
      title: 'Lines to remove',
      args: { name: '/etc/app.conf', match: '^debug', mode: 'delete' },
      given: { files: { '/etc/app.conf': 'debug = 1\nport = 1\n' } },
      expect: { contents: { from: 'debug = 1\nport = 1\n', to: 'port = 1\n' } },
    },
    {
      title: 'A mode that is none',
      args: { name: '/etc/app.conf', mode: 'append' },
      expect: { refusal: 'ARGUMENT_INVALID' },
    },
  ],
});

type Wish = z.output<typeof args>;

function placed(lines: readonly string[], wanted: Wish): readonly string[] {
  const { mode, content, before, after, location } = wanted;
  const isWanted = (each: string) => each === content || (wanted.indent && each.trim() === content.trim());
  const matches = finder(wanted);
  if (mode === 'replace')
    return lines.map((each) => (matches(each) && !isWanted(each) ? indented(content, each, wanted) : each));
  if (lines.some(isWanted)) return lines;
  const match = mode === 'ensure' && wanted.match !== undefined ? lines.findIndex(matches) : -1;
  if (match >= 0) return lines.with(match, indented(content, lines[match] ?? '', wanted));
  const anchor = after ?? before;
  const at = anchor === undefined ? -1 : lines.findIndex(finder({ match: anchor, content: anchor }));
  if (at >= 0) return lines.toSpliced(after === undefined ? at : at + 1, 0, content);
  return location === 'start' ? [content, ...lines] : [...lines, content];
}

function finder({ match, content }: { match?: string | undefined; content: string }): (line: string) => boolean {
  if (match === undefined) return (line) => line.trim() === content.trim();
  const wish = pattern(match);
  return (line) => wish.test(line);
}

function indented(content: string, line: string, { indent }: Wish): string {
  return indent ? `${/^\s*/.exec(line)?.[0] ?? ''}${content.trimStart()}` : content;
}
