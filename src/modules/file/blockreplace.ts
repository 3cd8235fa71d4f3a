import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { pattern } from '#kit/abilities/patterns.ts';
import { editedText, keptEditArguments, linesOf, textEdit, textOfLines } from '#kit/abilities/text-edit.ts';
import type { Context } from '#kit/context.ts';
import { fileUnknown } from '#machine/errors.ts';
import { sourceTexts, textSourceArguments } from './text-sources.ts';

const args = z.object({
  ...keptEditArguments,
  content: z.string().default('').describe('What stands between the markers'),
  ...textSourceArguments,
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
    const block = linesOf(await blockOf(wanted, context));
    refuseMarkersIn(block, wanted);
    const lines = linesOf(text ?? '');
    const edited = withBlocks(lines, block, wanted);
    return edited === undefined
      ? withNewBlock(text, lines, [wanted.marker_start, ...block, wanted.marker_end], wanted)
      : editedText(text ?? '', edited);
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
      title: 'Every block of the markers',
      args: { name: '/etc/hosts', content: 'new', marker_start: '# start', marker_end: '# end' },
      given: { files: { '/etc/hosts': '# start\nold\n# end\na\n# start\n# end\n' } },
      expect: {
        contents: {
          from: '# start\nold\n# end\na\n# start\n# end\n',
          to: '# start\nnew\n# end\na\n# start\nnew\n# end\n',
        },
      },
    },
    {
      title: 'A block in a file with the line ends of Windows',
      args: { name: '/srv/app.ini', content: 'x\ny', marker_start: '# start', marker_end: '# end' },
      given: { files: { '/srv/app.ini': '# start\r\nx\r\n# end\r\n' } },
      expect: {
        contents: { from: '# start\r\nx\r\n# end\r\n', to: '# start\r\nx\r\ny\r\n# end\r\n' },
      },
    },
    {
      title: 'Content that holds a marker, and would grow with every run',
      args: { name: '/srv/index.html', content: '<div id="child2" />', marker_start: 'child1', marker_end: 'div' },
      given: { files: { '/srv/index.html': '<div id="child1" />\n</div>\n' } },
      expect: { refusal: 'BLOCK_ENDLESS' },
    },
    {
      title: 'A block without its end',
      args: { name: '/etc/hosts', content: 'x', marker_start: '# start', marker_end: '# end' },
      given: { files: { '/etc/hosts': '# start\nold\n' } },
      expect: { refusal: 'MARKERS_MISSING' },
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

/** The lines with the block between each pair of markers; undefined when there is none. */
function withBlocks(lines: readonly string[], block: readonly string[], wanted: Wish): readonly string[] | undefined {
  const { name, marker_start, marker_end } = wanted;
  const edited: string[] = [];
  let isInside = false;
  let found = false;
  for (const line of lines) {
    if (line.includes(marker_start)) isInside = true;
    else if (isInside && !line.includes(marker_end)) continue;
    else if (isInside) {
      edited.push(...block);
      [isInside, found] = [false, true];
    }
    edited.push(line);
  }
  if (isInside) throw markers(name, 'its block has no end');
  return found ? edited : undefined;
}

/** What follows a marker in the content would be taken for what follows the block. */
function refuseMarkersIn(block: readonly string[], { name, marker_start, marker_end }: Wish): void {
  const marker = [marker_start, marker_end].find((each) => block.some((line) => line.includes(each)));
  if (marker === undefined) return;
  throw new ZesterError(
    'source',
    'BLOCK_ENDLESS',
    `Cannot edit a block of "${name}": its content holds the marker "${marker}", and would grow with every run`,
    { hint: 'Choose markers that the content does not have' },
  );
}

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
  if (wanted.prepend_if_not_found) return textOfLines([...block, ...lines]);
  if (wanted.append_if_not_found) return textOfLines([...lines, ...block]);
  const anchor = before ?? after;
  const wish = anchor === undefined ? undefined : pattern(anchor);
  const at = wish === undefined ? -1 : lines.findIndex((line) => wish.test(line));
  if (at < 0) throw markers(wanted.name, anchor ? `no line matches "${anchor}"` : 'it has no marked block');
  return textOfLines(lines.toSpliced(before === undefined ? at + 1 : at, 0, ...block));
}

/** What is gathered for the file follows what is written for it. */
async function blockOf(wanted: Wish, context: Context): Promise<string> {
  const sources = await sourceTexts(wanted, context);
  const own = sources.length > 0 ? sources.join('') : wanted.content;
  const gathered = Object.values(context.gathered?.of(wanted.name) ?? {}).flat();
  return [...(own === '' ? [] : [own]), ...gathered].join('\n');
}

function markers(name: string, reason: string): ZesterError {
  return new ZesterError('machine', 'MARKERS_MISSING', `Cannot edit a block of "${name}": ${reason}`, {
    hint: 'Put the markers into the file, or set "append_if_not_found: true"',
  });
}
