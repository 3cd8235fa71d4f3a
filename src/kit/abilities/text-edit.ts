import * as z from 'zod';
import { type Differences, differences } from '../changes.ts';
import { bytesOf, textOf } from '../content.ts';
import type { Context } from '../context.ts';
import { type Expected, type State, type StateDefinition, state } from '../state.ts';
import { AbsolutePath } from '../types.ts';
import { findFile, likeFile, missingParents, notText, realPath, removeParents } from './places.ts';

/** Arguments of every state that edits the text of a file. */
export const editArguments = {
  name: AbsolutePath.describe('Path of the file').meta({ primary: true, aliases: ['path'] }),
  makedirs: z.boolean().default(false).describe('Make missing parent directories of a file that is made'),
  backup: z
    .union([z.boolean(), z.string()])
    .default(false)
    .describe('Keep the earlier text beside the file, as ".bak" or with the given suffix'),
  show_changes: z
    .boolean()
    .default(true)
    .describe('When false, the text is not shown')
    .meta({ aliases: ['show_diff'] }),
};

type EditFields = { exists: boolean; parents: readonly string[] | undefined; contents: string };
type EditChanges = Differences<EditFields>;

interface EditWish {
  readonly name: string;
  readonly makedirs: boolean;
  readonly backup: boolean | string;
  readonly show_changes: boolean;
}

export interface TextEdit<A extends z.ZodObject>
  extends Omit<StateDefinition<A, EditChanges>, 'check' | 'apply' | 'revert' | 'examples' | 'hides'> {
  /**
   * The text as it should be; `undefined` stands for a file that is not there, before and after. Pure, but for what
   * it reads of the sources.
   */
  edit(
    text: string | undefined,
    wanted: z.output<A>,
    context: Context,
  ): Promise<string | undefined> | string | undefined;
  readonly examples: readonly (Omit<StateDefinition<A, EditChanges>['examples'][number], 'expect' | 'args'> & {
    readonly args: z.input<A> | Readonly<Record<string, unknown>>;
    readonly expect: Expected<EditChanges> | { readonly refusal: string };
  })[];
}

/** A state whose wish is an edit of a file's text: the rest — reading, comparing, writing, putting back — is here. */
export function textEdit<A extends z.ZodObject>({ edit, ...definition }: TextEdit<A>): State {
  const { examples, ...rest } = definition;
  return state<A, EditChanges>({
    ...rest,
    async check(wanted, context) {
      const { files } = context;
      const wish = wanted as unknown as EditWish;
      const path = await realPath(files, wish.name);
      const before = await readText(path, context);
      const after = await edit(before, wanted, context);
      if (after === undefined || after === before) return {};
      const parents = before === undefined ? await missingParents(files, path, wish) : undefined;
      return differences<EditFields>(
        { exists: true, parents, contents: after },
        { exists: before !== undefined, contents: before },
      );
    },
    async apply({ parents, contents }, wanted, { files }) {
      const { name, backup } = wanted as unknown as EditWish;
      const path = await realPath(files, name);
      for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
      if (backup !== false && contents?.from !== undefined) {
        const suffix = typeof backup === 'string' && backup.startsWith('.') ? backup : '.bak';
        await files.write(path + suffix, bytesOf(contents.from), await likeFile(files, path));
      }
      await files.write(path, bytesOf(contents?.to ?? ''));
      return undefined;
    },
    async revert({ exists, parents, contents }, wanted, { files }) {
      const path = await realPath(files, (wanted as unknown as EditWish).name);
      if (exists) {
        await files.remove(path);
        await removeParents(files, parents?.to ?? []);
      } else await files.write(path, bytesOf(contents?.from ?? ''));
      return undefined;
    },
    hides: (wanted) => ((wanted as unknown as EditWish).show_changes ? [] : ['contents']),
    examples: examples as StateDefinition<A, EditChanges>['examples'],
  });
}

/** The file's text without a bit of it lost; undefined when there is no file. Refuses what is not text. */
async function readText(path: string, { files }: Context): Promise<string | undefined> {
  if ((await findFile(files, path)) === undefined) return undefined;
  const text = textOf((await files.read(path)) ?? new Uint8Array());
  if (text === undefined) throw notText(path);
  return text;
}

/** Lines without their ends. A text that ends with a line break has no empty line after it. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** Lines as a text that ends with a line break, unless it is empty. */
export function textOfLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
