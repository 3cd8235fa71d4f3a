import * as z from 'zod';
import { editArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
import type { Context } from '#kit/context.ts';
import { StringList } from '#kit/types.ts';
import { sourceTexts, textSourceArguments } from './text-sources.ts';

const args = z.object({
  ...editArguments,
  text: StringList.optional().describe('Lines, or blocks of lines, each of which must be there'),
  ...textSourceArguments,
  ignore_whitespace: z.boolean().default(true).describe('Take lines that differ only in white space for the same'),
});

export const append = textEdit({
  name: 'file.append',
  summary: 'Ensure lines are in a file, and add those that are missing at its end',
  args,
  async edit(text = '', wanted, context) {
    const missing = await missingLines(linesOf(text), wanted, context);
    return missing.length === 0 ? text : textOfLines([...linesOf(text), ...missing]);
  },
  examples: [
    {
      title: 'A line to add',
      args: { name: '/etc/motd', text: ['Managed by Zester'] },
      given: { files: { '/etc/motd': 'Welcome' } },
      expect: { contents: { from: 'Welcome', to: 'Welcome\nManaged by Zester\n' } },
      real: true,
    },
    {
      title: 'A line that is there',
      args: { name: '/etc/motd', text: ['Managed  by Zester'] },
      given: { files: { '/etc/motd': 'Welcome\nManaged by Zester\n' } },
      expect: {},
      real: true,
    },
    {
      title: 'A longer line does not stand for the line',
      args: { name: '/etc/hosts.allow', text: ['sshd: 10.0.0.1'] },
      given: { files: { '/etc/hosts.allow': 'sshd: 10.0.0.10\n' } },
      expect: { contents: { from: 'sshd: 10.0.0.10\n', to: 'sshd: 10.0.0.10\nsshd: 10.0.0.1\n' } },
    },
    {
      title: 'A block of the state tree, in a new file',
      args: { name: '/etc/app/hosts', source: 'zester://hosts', makedirs: true },
      given: { tree: { hosts: 'a\nb\n' } },
      expect: { exists: { from: false, to: true }, parents: { to: ['/etc/app'] }, contents: { to: 'a\nb\n' } },
    },
    {
      title: 'A missing parent directory',
      args: { name: '/etc/app/hosts', text: ['a'] },
      expect: { refusal: 'FILE_PARENT_MISSING' },
    },
  ],
  differs: ['Lines are compared whole: a longer line that holds the text does not stand for it.'],
});

export const prepend = textEdit({
  name: 'file.prepend',
  summary: 'Ensure lines are in a file, and add those that are missing at its beginning',
  args: args.extend({
    header: z.boolean().default(false).describe('The lines must be the first of the file, not anywhere in it'),
  }),
  async edit(text = '', wanted, context) {
    const lines = linesOf(text);
    const all = await missingLines([], wanted, context);
    if (wanted.header) return holds(lines.slice(0, all.length), all, wanted) ? text : textOfLines([...all, ...lines]);
    const missing = await missingLines(lines, wanted, context);
    return missing.length === 0 ? text : textOfLines([...missing, ...lines]);
  },
  examples: [
    {
      title: 'A line to add',
      args: { name: '/etc/motd', text: ['# Managed by Zester'] },
      given: { files: { '/etc/motd': 'Welcome\n' } },
      expect: { contents: { from: 'Welcome\n', to: '# Managed by Zester\nWelcome\n' } },
    },
    {
      title: 'A line that is there',
      args: { name: '/etc/motd', text: ['# Managed by Zester'] },
      given: { files: { '/etc/motd': 'Welcome\n# Managed by Zester\n' } },
      expect: {},
    },
    {
      title: 'A line that must be the first',
      args: { name: '/etc/motd', text: ['# Managed'], header: true },
      given: { files: { '/etc/motd': 'Welcome\n# Managed\n' } },
      expect: { contents: { from: 'Welcome\n# Managed\n', to: '# Managed\nWelcome\n# Managed\n' } },
    },
  ],
});

type Wish = z.output<typeof args>;

/** Lines of every block that is not in the file as a run of whole lines. */
async function missingLines(lines: readonly string[], wanted: Wish, context: Context): Promise<readonly string[]> {
  const blocks = [...(wanted.text ?? []), ...(await sourceTexts(wanted, context))];
  const all = [...lines];
  const missing: string[] = [];
  for (const block of blocks.map(linesOf)) {
    if (block.length === 0 || holds(all, block, wanted)) continue;
    missing.push(...block);
    all.push(...block);
  }
  return missing;
}

function holds(lines: readonly string[], block: readonly string[], { ignore_whitespace }: Wish): boolean {
  const same = (line: string) => (ignore_whitespace ? line.trim().replace(/\s+/g, ' ') : line);
  return lines.some((_, start) => block.every((line, index) => same(lines[start + index] ?? '\0') === same(line)));
}
