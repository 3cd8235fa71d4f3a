import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { keptEditArguments, linesOf, textEdit } from '#kit/abilities/text-edit.ts';
import { fileUnknown } from '#machine/errors.ts';
import type { Regex } from '#pattern/regex.ts';

const args = z.object({
  ...keptEditArguments,
  regex: z.string().min(1).describe('Regular expression that matches the lines, without their comment character'),
  char: z.string().min(1).default('#').describe('The comment character'),
  anywhere: z
    .boolean()
    .default(true)
    .describe('When false, the pattern and the comment character must be where the line begins')
    .meta({ inSalt: false }),
  ignore_missing: z.boolean().default(false).describe('A file or a line that is not there is fine'),
});

export const comment = textEdit({
  name: 'file.comment',
  summary: 'Ensure lines of a file are commented out',
  args,
  edit: (text, wanted) =>
    eachLine(text, wanted, {
      change: (line) => (isComment(line, wanted.char) ? line : wanted.char + line),
      parts: (line) => [line],
    }),
  examples: [
    {
      title: 'A line to comment out',
      args: { name: '/etc/fstab', regex: '^/dev/sdb1' },
      given: { files: { '/etc/fstab': '/dev/sda1 /\n/dev/sdb1 /mnt\n' } },
      expect: { contents: { from: '/dev/sda1 /\n/dev/sdb1 /mnt\n', to: '/dev/sda1 /\n#/dev/sdb1 /mnt\n' } },
      real: true,
    },
    {
      title: 'A line that is a comment',
      args: { name: '/etc/fstab', regex: '^/dev/sdb1' },
      given: { files: { '/etc/fstab': '#/dev/sdb1 /mnt\n' } },
      expect: {},
    },
    {
      title: 'A line that is not there',
      args: { name: '/etc/fstab', regex: '^/dev/sdb1' },
      given: { files: { '/etc/fstab': '/dev/sda1 /\n' } },
      expect: { refusal: 'LINE_UNKNOWN' },
    },
  ],
});

export const uncomment = textEdit({
  name: 'file.uncomment',
  summary: 'Ensure lines of a file are not commented out',
  args,
  edit: (text, wanted) =>
    eachLine(text, wanted, { change: (line) => bare(line, wanted), parts: (line) => [line, line.trimStart()] }),
  examples: [
    {
      title: 'A line to bring to life',
      args: { name: '/etc/app.conf', regex: '^port' },
      given: { files: { '/etc/app.conf': '  # port 80\n#host x\n' } },
      expect: { contents: { from: '  # port 80\n#host x\n', to: '   port 80\n#host x\n' } },
      real: true,
    },
    {
      title: 'A line that is no comment',
      args: { name: '/etc/app.conf', regex: '^port' },
      given: { files: { '/etc/app.conf': 'port 80\n' } },
      expect: {},
    },
    {
      title: 'A comment that only speaks of it',
      args: { name: '/etc/app.conf', regex: 'port', anywhere: false },
      given: { files: { '/etc/app.conf': '# the port to use\n#port 80\n' } },
      expect: { contents: { from: '# the port to use\n#port 80\n', to: '# the port to use\nport 80\n' } },
    },
    {
      title: 'A file that is not there',
      args: { name: '/etc/app.conf', regex: 'x' },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
  ],
});

type Wish = z.output<typeof args>;

interface LineEdit {
  change(line: string): string;
  /** What the pattern is tried on, of a line without its comment character, where it must match at the beginning. */
  parts(line: string): readonly string[];
}

function eachLine(text: string | undefined, wanted: Wish, { change, parts }: LineEdit): string | undefined {
  const { name, regex, anywhere, ignore_missing } = wanted;
  if (text === undefined && ignore_missing) return undefined;
  if (text === undefined) throw fileUnknown('comment lines in', name);
  const wish = pattern(regex);
  const matching = (line: string) => {
    const own = bare(line, wanted);
    return anywhere
      ? wish.test(own) || wish.test(own.trimStart())
      : parts(own).some((part) => startOf(wish, part) === 0);
  };
  const lines = linesOf(text);
  if (!ignore_missing && !lines.some(matching)) {
    throw new ZesterError('machine', 'LINE_UNKNOWN', `Cannot find a line of "${name}": none matches "${regex}"`, {
      hint: 'Correct the pattern, or set "ignore_missing: true"',
    });
  }
  const edited = lines.map((line) => (matching(line) ? change(line) : line)).join('\n');
  return text.endsWith('\n') ? `${edited}\n` : edited;
}

function startOf(wish: Regex, text: string): number | undefined {
  for (const match of wish.matches(text)) return match.start;
  return undefined;
}

function isComment(line: string, char: string): boolean {
  return line.trimStart().startsWith(char);
}

/** The line without its comment character; what stands before and after it stays. */
function bare(line: string, { char, anywhere }: Wish): string {
  const [before = ''] = anywhere ? (/^\s*/.exec(line) ?? []) : [];
  return line.startsWith(char, before.length) ? before + line.slice(before.length + char.length) : line;
}
