import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { AnyMap, StringList, TemplateFlag } from '#kit/types.ts';
import { verifyHash } from './source-hash.ts';

/** Arguments of states that take texts of the state tree into a file. */
export const textSourceArguments = {
  source: z.string().optional().describe('File of the state tree that holds it instead'),
  source_hash: z.string().optional().describe('Hash that file must have, such as "sha256=…"'),
  sources: StringList.optional().describe('Several of them, each a text of its own'),
  source_hashes: StringList.optional().describe('Hashes of those, in the same order'),
  template: TemplateFlag.optional().describe('Render what the sources hold with Jinja'),
  context: AnyMap.optional().describe('Names the template may use'),
  defaults: AnyMap.optional().describe('Names the template may use unless "context" has them'),
};

type Wish = z.output<z.ZodObject<typeof textSourceArguments>> & { readonly name: string };

/** What the sources hold, one text each. Throws `SOURCE_MISSING`, `SOURCE_HASH_WRONG`. */
export async function sourceTexts(wanted: Wish, { sources, templates }: Context): Promise<readonly string[]> {
  const { name, source, source_hash, template } = wanted;
  const { sources: more = [], source_hashes = [] } = wanted;
  const listed = more.map((path, index) => ({ path, hash: source_hashes[index] }));
  const all = source === undefined ? listed : [{ path: source, hash: source_hash }, ...listed];
  const texts: string[] = [];
  for (const { path, hash } of all) {
    const bytes = await sources.read(path);
    const written = bytes && textOf(bytes);
    if (bytes === undefined || written === undefined) {
      throw new ZesterError('source', 'SOURCE_MISSING', `Cannot edit "${name}": there is no text source "${path}"`);
    }
    await verifyHash({ name, source_hash: hash }, path, bytes, sources);
    const context = { ...wanted.defaults, ...wanted.context };
    texts.push(template ? templates.render(written, { path, context }) : written);
  }
  return texts;
}
