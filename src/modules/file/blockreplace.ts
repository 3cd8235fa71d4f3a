import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { editArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
import { textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { AnyMap, TemplateFlag } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';

const args = z.object({
  ...editArguments,
  content: z.string().default('').describe('What stands between the markers'),
  source: z.string().optional().describe('File of the state tree that holds it instead'),
  template: TemplateFlag.optional().describe('Render what the source holds with Jinja'),
  context: AnyMap.optional().describe('Names the template may use'),
  defaults: AnyMap.optional().describe('Names the template may use unless "context" has them'),
  marker_start: z.string().min(1).default('#-- start managed zone --').describe('What the line before the block holds'),
  marker_end: z.string().min(1).default('#-- end managed zone --').describe('What the line after the block holds'),
  append_if_not_found: z.boolean().default(false).describe('Add the block at the end when the markers are missing'),
  prepend_if_not_found: z
    .boolean()
    .default(false)
    .describe('Add the block at the beginning when the markers are missing'),
  insert_before_match: z
    .string()
    .optional()
    .describe('Add it before the first line that matches, when the markers are missing'),
  insert_after_match: z
    .string()
    .optional()
    .describe('Add it after the first line that matches, when the markers are missing'),
  append_newline: z
    .boolean()
    .optional()
    .describe('For Salt: means nothing, the end marker always has a line of its own'),
});

export const blockreplace = textEdit({
  name: 'file.blockreplace',
  summary: 'Ensure a marked block of a file has the given content',
  args,
  async edit(text, wanted, context) {
    const block = linesOf(await contentOf(wanted, context));
    const lines = linesOf(text ?? '');
    const start = lines.findIndex((line) => line.includes(wanted.marker_start));
    if (start < 0) return withNewBlock(text, lines, [wanted.marker_start, ...block, wanted.marker_end], wanted);
    const end = lines.findIndex((line, index) => index > start && line.includes(wanted.marker_end));
    if (end < 0) throw markers(wanted.name, 'its block has no end');
    const current = lines.slice(start + 1, end);
    if (current.length === block.length && current.every((line, index) => line === block[index])) return text;
    return textOfLines([...lines.slice(0, start + 1), ...block, ...lines.slice(end)]);
  },
  examples: [
    {
      title: 'Another content between the markers',
      args: { name: '/etc/hosts', content: '10.0.0.2 db', marker_start: '# start', marker_end: '# end' },
      given: { files: { '/etc/hosts': 'a\n# start\nold\n# end\nb\n' } },
      expect: { contents: { from: 'a\n# start\nold\n# end\nb\n', to: 'a\n# start\n10.0.0.2 db\n# end\nb\n' } },
      real: true,
    },
    {
      title: 'The content is there',
      args: { name: '/etc/hosts', content: 'x\n', marker_start: '# start', marker_end: '# end' },
      given: { files: { '/etc/hosts': '# start\nx\n# end\n' } },
      expect: {},
    },
    {
      title: 'A block to add at the end',
      args: { name: '/etc/motd', content: 'x', append_if_not_found: true },
      given: { files: { '/etc/motd': 'Welcome' } },
      expect: {
        contents: { from: 'Welcome', to: 'Welcome\n#-- start managed zone --\nx\n#-- end managed zone --\n' },
      },
    },
    {
      title: 'A block without its markers',
      args: { name: '/etc/motd', content: 'x' },
      given: { files: { '/etc/motd': 'Welcome\n' } },
      expect: { refusal: 'MARKERS_MISSING' },
    },
  ],
});

type Wish = z.output<typeof args>;

function withNewBlock(
  text: string | undefined,
  lines: readonly string[],
  block: readonly string[],
  wanted: Wish,
): string {
  const { insert_before_match: before, insert_after_match: after } = wanted;
  if (text === undefined && !wanted.append_if_not_found && !wanted.prepend_if_not_found) {
    throw fileUnknown('edit a block of', wanted.name);
  }
  const anchor = before ?? after;
  const wish = anchor === undefined ? undefined : pattern(anchor);
  const at = wish === undefined ? -1 : lines.findIndex((line) => wish.test(line));
  if (at >= 0) return textOfLines(lines.toSpliced(before === undefined ? at + 1 : at, 0, ...block));
  if (wanted.prepend_if_not_found) return textOfLines([...block, ...lines]);
  if (wanted.append_if_not_found) return textOfLines([...lines, ...block]);
  throw markers(wanted.name, 'it has no marked block');
}

async function contentOf(wanted: Wish, { sources, templates }: Context): Promise<string> {
  if (wanted.source === undefined) return wanted.content;
  const bytes = await sources.read(wanted.source);
  const text = bytes && textOf(bytes);
  if (text === undefined) {
    throw new ZesterError(
      'source',
      'SOURCE_MISSING',
      `Cannot edit "${wanted.name}": there is no text source "${wanted.source}"`,
    );
  }
  const context = { ...wanted.defaults, ...wanted.context };
  return wanted.template ? templates.render(text, { path: wanted.source, context }) : text;
}

function markers(name: string, reason: string): ZesterError {
  return new ZesterError('machine', 'MARKERS_MISSING', `Cannot edit a block of "${name}": ${reason}`, {
    hint: 'Put the markers into the file, or set "append_if_not_found: true"',
  });
}
