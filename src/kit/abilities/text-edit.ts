import * as z from 'zod';
import { type Differences, differences } from '../changes.ts';
import { bytesOf, textOf } from '../content.ts';
import type { Context } from '../context.ts';
import { type Expected, type State, type StateDefinition, state } from '../state.ts';
import { AbsolutePath } from '../types.ts';
import {
  type AttributeWish,
  attributesOf,
  made,
  parentMode,
  setAttributes,
  sideOf,
  wantedAttributes,
} from './attributes.ts';
import { keepingLineEnds, keepingMark } from './line-ends.ts';
import { findFile, keepBackup, missingParents, notText, realPath, removeParents } from './places.ts';

const backup = z
  .union([z.boolean(), z.string()])
  .describe('Keep the earlier text beside the file, as ".bak" or with the given suffix');

/** Arguments of every state that edits the text of a file. */
export const editArguments = {
  name: AbsolutePath.describe('Path of the file').meta({ primary: true, aliases: ['path'] }),
  makedirs: z.boolean().default(false).describe('Make missing parent directories of a file that is made'),
  backup: backup.default(false),
  show_changes: z
    .boolean()
    .default(true)
    .describe('When false, the text is not shown')
    .meta({ aliases: ['show_diff'] }),
};

/** The same where Salt keeps the earlier text unless told otherwise. */
export const keptEditArguments = { ...editArguments, backup: backup.default('.bak') };

type EditFields = {
  exists: boolean;
  parents: readonly string[] | undefined;
  contents: string;
  user?: string | undefined;
  group?: string | undefined;
  mode?: string | undefined;
};
type EditChanges = Differences<EditFields>;

interface EditWish {
  readonly name: string;
  readonly makedirs: boolean;
  readonly backup: boolean | string;
  readonly show_changes: boolean;
}

export interface TextEdit<A extends z.ZodObject>
  extends Omit<StateDefinition<A, EditChanges>, 'check' | 'apply' | 'revert' | 'examples' | 'hides' | 'manages'> {
  /**
   * The text as it should be; `undefined` stands for a file that is not there, before and after. Lines end with a line
   * feed, whatever the file has: what it has is kept. Pure, but for what it reads of the sources.
   */
  edit(
    text: string | undefined,
    wanted: z.output<A>,
    context: Context,
  ): Promise<string | undefined> | string | undefined;
  /** True when the edit is about the ends of lines, and must see them as they are. */
  seesLineEnds?(wanted: z.output<A>): boolean;
  /** Lines it puts into the file. */
  linesOf?(wanted: z.output<A>): readonly string[];
  /** Owner and mode of the file, where the state has arguments for them. */
  attributes?(wanted: z.output<A>): AttributeWish;
  readonly examples: readonly (Omit<StateDefinition<A, EditChanges>['examples'][number], 'expect' | 'args'> & {
    readonly args: z.input<A> | Readonly<Record<string, unknown>>;
    readonly expect: Expected<EditChanges> | { readonly refusal: string };
  })[];
}

/** A state whose wish is an edit of a file's text: the rest — reading, comparing, writing, putting back — is here. */
export function textEdit<A extends z.ZodObject>(definition: TextEdit<A>): State {
  const { edit, seesLineEnds, linesOf: ownLines, attributes, examples, ...rest } = definition;
  const wishOf = (wanted: z.output<A>) => wanted as unknown as EditWish;
  return state<A, EditChanges>({
    ...rest,
    async check(wanted, context) {
      const { files } = context;
      const wish = wishOf(wanted);
      const path = await realPath(files, wish.name);
      const stat = await findFile(files, path);
      const before = stat && (await readText(path, context));
      const plainEdit = (text: string) => edit(text, wanted, context);
      const keptEdit = (text: string) => (seesLineEnds?.(wanted) ? plainEdit(text) : keepingLineEnds(text, plainEdit));
      const after = before === undefined ? await edit(undefined, wanted, context) : await keepingMark(before, keptEdit);
      if (after === undefined) return {};
      const parents = before === undefined ? await missingParents(files, path, wish) : undefined;
      return differences<EditFields>(
        { exists: true, parents, contents: after, ...(await wantedAttributes(attributes?.(wanted) ?? {}, context)) },
        { exists: before !== undefined, contents: before, ...(await attributesOf(stat, context)) },
      );
    },
    async apply({ exists, parents, contents, ...changed }, wanted, context) {
      const { files } = context;
      const { name, backup } = wishOf(wanted);
      const path = await realPath(files, name);
      const wish = attributes?.(wanted) ?? {};
      const options = await made(await wantedAttributes(wish, context), context);
      for (const each of parents?.to ?? []) {
        await files.makeDirectory(each, { ...options, mode: parentMode(wish.mode), parents: true });
      }
      if (backup !== false && contents && !exists) await keepBackup(files, path, backup);
      if (exists || contents) await files.write(path, await encoded(contents?.to ?? '', path, context), options);
      else await setAttributes(path, sideOf(changed, 'to'), context);
      return undefined;
    },
    async revert({ exists, parents, contents, ...changed }, wanted, context) {
      const { files } = context;
      const path = await realPath(files, wishOf(wanted).name);
      if (exists) {
        await files.remove(path);
        await removeParents(files, parents?.to ?? []);
        return undefined;
      }
      const earlier = sideOf(changed, 'from');
      if (contents)
        await files.write(path, await encoded(contents.from ?? '', path, context), await made(earlier, context));
      else await setAttributes(path, earlier, context);
      return undefined;
    },
    manages: (wanted) => [{ path: wishOf(wanted).name, ...(ownLines && { lines: ownLines(wanted) }) }],
    hides: (wanted) => (wishOf(wanted).show_changes ? [] : ['contents']),
    examples: examples as StateDefinition<A, EditChanges>['examples'],
  });
}

/**
 * The file's text without a bit of it lost: one that is not UTF-8 is taken for Latin-1, which has a character for every
 * byte. Refuses what has a null in it.
 */
async function readText(path: string, { files }: Context): Promise<string> {
  const bytes = (await files.read(path)) ?? new Uint8Array();
  if (bytes.includes(0)) throw notText(path);
  return textOf(bytes) ?? Buffer.from(bytes).toString('latin1');
}

/** A text in the encoding of the file that it replaces; a character that Latin-1 lacks makes it UTF-8. */
async function encoded(text: string, path: string, { files }: Context): Promise<Uint8Array> {
  const before = await files.read(path);
  const isLatin = before !== undefined && textOf(before) === undefined && !/[^\0-\xff]/.test(text);
  return isLatin ? Buffer.from(text, 'latin1') : bytesOf(text);
}

/** Lines without their ends. A text that ends with a line break has no empty line after it. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).replaceAll('\r\n', '\n').split('\n');
}

/** Lines as a text that ends with a line break, unless it is empty. */
export function textOfLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Edited lines as a text: one whose last line has no end keeps it so while nothing comes after that line. */
export function editedText(text: string, lines: readonly string[]): string {
  const before = linesOf(text);
  const same = before.length === lines.length && before.every((line, index) => line === lines[index]);
  if (same) return text;
  const edited = textOfLines(lines);
  const isOpen =
    text !== '' && !text.endsWith('\n') && (lines.length === before.length || lines.at(-1) === before.at(-1));
  return isOpen ? edited.slice(0, -1) : edited;
}
