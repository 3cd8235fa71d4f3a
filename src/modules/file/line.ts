import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { editArguments, editedText, linesOf, textEdit } from '#kit/abilities/text-edit.ts';
import type { Context } from '#kit/context.ts';
import { AccountRef, FileMode } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';

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
  before: z.string().optional().describe('Its place is before the first line that matches'),
  after: z
    .string()
    .optional()
    .describe('Its place is after the first line that matches; with "before" too, it is between the two'),
  location: z
    .enum(['start', 'end', 'anchor'])
    .default('end')
    .describe('Where it goes when no line is named, or none matches; "anchor" refuses then, and where several match')
    .meta({ inSalt: 'anchor' }),
  indent: z.boolean().default(true).describe('Indent it as the line beside it, or the one it replaces'),
  create: z.boolean().default(true).describe('Make a file that is not there').meta({ inSalt: false }),
  quiet: z.boolean().default(false).describe('A file that is not there is fine'),
  user: AccountRef.optional()
    .describe('Owner of the file')
    .meta({ aliases: ['owner'] }),
  group: AccountRef.optional().describe('Group of the file'),
  file_mode: FileMode.optional().describe('Mode of the file, in octal'),
});

export const line = textEdit({
  name: 'file.line',
  summary: 'Ensure a line is in a file, is another, or is not there',
  args,
  attributes: ({ user, group, file_mode }) => ({ user, group, mode: file_mode }),
  linesOf: ({ mode, content }) => (mode === 'delete' || mode === 'absent' ? [] : [content]),
  async edit(text, wanted, context) {
    const removes = wanted.mode === 'delete' || wanted.mode === 'absent';
    if (text === undefined && !wanted.create && !wanted.quiet) throw fileUnknown('edit lines of', wanted.name);
    if (text === undefined && (removes || wanted.mode === 'replace' || !wanted.create)) return undefined;
    const lines = linesOf(text ?? '');
    const edited = removes ? lines.filter((each) => !finder(wanted)(each)) : await placed(lines, wanted, context);
    return editedText(text ?? '', edited);
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
      title: 'A line that is there, but elsewhere',
      args: { name: '/etc/app.conf', content: 'port = 80', after: '^\\[web\\]' },
      given: { files: { '/etc/app.conf': '[web]\nhost = x\n[db]\nport = 80\n' } },
      expect: {
        contents: {
          from: '[web]\nhost = x\n[db]\nport = 80\n',
          to: '[web]\nport = 80\nhost = x\n[db]\nport = 80\n',
        },
      },
    },
    {
      title: 'A line to have between two others',
      args: { name: '/etc/hosts', content: '10.0.0.2 db', after: '^# start', before: '^# end', mode: 'insert' },
      given: { files: { '/etc/hosts': '# start\n10.0.0.1 web\n# end\n' } },
      expect: {
        contents: {
          from: '# start\n10.0.0.1 web\n# end\n',
          to: '# start\n10.0.0.1 web\n10.0.0.2 db\n# end\n',
        },
      },
    },
    {
      title: 'Two lines that others have come between',
      args: { name: '/etc/hosts', content: '10.0.0.2 db', after: '^# start', before: '^# end' },
      given: { files: { '/etc/hosts': '# start\n10.0.0.1 web\n10.0.0.3 mail\n# end\n' } },
      expect: { refusal: 'LINE_CROWDED' },
    },
    {
      title: 'A file with the line ends of Windows',
      args: { name: '/srv/app.ini', content: 'port = 80', after: '^\\[web\\]$' },
      given: { files: { '/srv/app.ini': '[web]\r\nhost = x\r\n' } },
      expect: { contents: { from: '[web]\r\nhost = x\r\n', to: '[web]\r\nport = 80\r\nhost = x\r\n' } },
    },
    {
      title: 'No line that says where it goes',
      args: { name: '/etc/app.conf', content: 'port = 80', after: '^\\[web\\]', location: 'anchor' },
      given: { files: { '/etc/app.conf': '[db]\n' } },
      expect: { refusal: 'LINE_UNKNOWN' },
    },
    {
      title: 'Two lines that say where it goes',
      args: { name: '/etc/app.conf', content: 'port = 80', after: '^end', location: 'anchor' },
      given: { files: { '/etc/app.conf': 'end\nend\n' } },
      expect: { refusal: 'LINE_AMBIGUOUS' },
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

async function placed(lines: readonly string[], wanted: Wish, context: Context): Promise<readonly string[]> {
  const { mode, content, before, after, location } = wanted;
  const matches = finder(wanted);
  if (mode === 'replace')
    return lines.map((each) => (matches(each) && !isIt(each, wanted) ? indented(content, each, wanted) : each));
  if (mode === 'ensure' && wanted.match !== undefined) {
    const matching = lines.filter(matches);
    if (matching.some((each) => isIt(each, wanted))) return lines;
    const [match] = matching;
    if (match !== undefined) return lines.with(lines.indexOf(match), indented(content, match, wanted));
  }
  const anchors = { after: anchorOf(lines, after, wanted), before: anchorOf(lines, before, wanted) };
  if (after !== undefined && before !== undefined && anchors.after >= 0 && anchors.before >= 0) {
    return between(lines, anchors, wanted);
  }
  if (anchors.after >= 0) return beside(lines, anchors.after, 1, wanted, context);
  if (anchors.before >= 0) return beside(lines, anchors.before, -1, wanted, context);
  if (lines.some((each) => isIt(each, wanted))) return lines;
  if (location === 'anchor') throw placeless(wanted);
  return location === 'start' ? [content, ...lines] : [...lines, content];
}

/**
 * Next to an anchor, where the same line elsewhere does not stand for it. Between the two may be lines that other states of
 * the run want there: each would put its own next to the anchor again, at every run.
 */
async function beside(
  lines: readonly string[],
  anchor: number,
  way: 1 | -1,
  wanted: Wish,
  context: Context,
): Promise<readonly string[]> {
  const neighbours = way === 1 ? lines.slice(anchor + 1) : lines.slice(0, anchor).toReversed();
  const [next] = neighbours;
  if (next !== undefined && isIt(next, wanted)) return lines;
  const others = await wantedByOthers(wanted, context);
  const end = neighbours.findIndex((each) => !others.has(each.trim()));
  if (neighbours.slice(0, end < 0 ? undefined : end + 1).some((each) => isIt(each, wanted))) return lines;
  return lines.toSpliced(way === 1 ? anchor + 1 : anchor, 0, indented(wanted.content, lines[anchor] ?? '', wanted));
}

async function wantedByOthers({ name }: Wish, { managed }: Context): Promise<ReadonlySet<string>> {
  const others = (await managed?.()) ?? [];
  return new Set(others.flatMap(({ path, lines = [] }) => (path === name ? lines.map((line) => line.trim()) : [])));
}

/** To ensure a line between two is to have it there alone; to insert it is to have it there. */
function between(
  lines: readonly string[],
  { after, before }: { readonly after: number; readonly before: number },
  wanted: Wish,
): readonly string[] {
  const { mode, content, name } = wanted;
  const inside = lines.slice(after + 1, before);
  if (before <= after) throw crowded(name, `"before" matches line ${before + 1}, above that of "after"`);
  if (inside.some((each) => isIt(each, wanted))) return lines;
  const model = lines[mode === 'insert' ? before : after] ?? '';
  if (mode === 'insert') return lines.toSpliced(before, 0, indented(content, model, wanted));
  if (inside.length > 1) throw crowded(name, `${inside.length} lines are between those of "after" and "before"`);
  return lines.toSpliced(after + 1, inside.length, indented(content, model, wanted));
}

function isIt(line: string, { content, indent }: Wish): boolean {
  return line === content || (indent && line.trim() === content.trim());
}

/**
 * The line that an anchor means: the first that matches, where nothing says that it must be the only one. The line that is
 * wanted is no place for itself: it would be put there once more.
 */
function anchorOf(lines: readonly string[], anchor: string | undefined, wanted: Wish): number {
  if (anchor === undefined) return -1;
  const { name, location } = wanted;
  const matching = finder({ match: anchor, content: anchor });
  const matches = (line: string) => matching(line) && !isIt(line, wanted);
  const first = lines.findIndex(matches);
  const another = first < 0 ? -1 : lines.findIndex((line, index) => index > first && matches(line));
  if (another >= 0 && location === 'anchor') throw ambiguous(name, anchor, [first + 1, another + 1]);
  return first;
}

function finder({ match, content }: { match?: string | undefined; content: string }): (line: string) => boolean {
  if (match === undefined) return (line) => line.trim() === content.trim();
  const wish = pattern(match);
  return (line) => wish.test(line) || line.includes(match);
}

function indented(content: string, line: string, { indent }: Wish): string {
  return indent ? `${/^\s*/.exec(line)?.[0] ?? ''}${content.trimStart()}` : content;
}

function placeless({ name, before, after }: Wish): ZesterError {
  const anchors = [before, after].filter((each) => each !== undefined).map((each) => `"${each}"`);
  if (anchors.length === 0) {
    return new ZesterError('source', 'LINE_PLACELESS', `Cannot put a line into "${name}": nothing says where`, {
      hint: 'Add "after" or "before", or "location: end"',
    });
  }
  return new ZesterError(
    'machine',
    'LINE_UNKNOWN',
    `Cannot put a line into "${name}": no line matches ${anchors.join(' or ')}`,
    { hint: 'Correct "after" or "before", or say with "location" where it goes when none matches' },
  );
}

function ambiguous(name: string, anchor: string, lines: readonly number[]): ZesterError {
  return new ZesterError(
    'machine',
    'LINE_AMBIGUOUS',
    `Cannot put a line into "${name}": "${anchor}" matches lines ${lines.join(' and ')}`,
    { hint: 'Write a pattern that matches one line only' },
  );
}

function crowded(name: string, reason: string): ZesterError {
  return new ZesterError('machine', 'LINE_CROWDED', `Cannot put a line into "${name}": ${reason}`, {
    hint: 'Use "mode: insert" to have the line among others, or correct "after" and "before"',
  });
}
