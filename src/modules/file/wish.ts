import { createHash } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import { bytesOf, textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import { type AccountRef, modeText } from '#kit/types.ts';

/** The arguments that say what a file holds. */
export interface ContentWish {
  readonly name: string;
  readonly source?: readonly string[] | undefined;
  readonly source_hash?: string | undefined;
  readonly contents?: string | readonly string[] | undefined;
  readonly contents_pillar?: readonly string[] | undefined;
  readonly contents_grains?: readonly string[] | undefined;
  readonly contents_newline?: boolean | undefined;
  readonly template?: boolean | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
  readonly user?: AccountRef | undefined;
  readonly group?: AccountRef | undefined;
  readonly mode?: number | undefined;
}

/**
 * What the file shall hold; undefined when nothing is said of it.
 * Throws `SOURCE_MISSING`, `SOURCE_HASH_WRONG`, `SETTING_MISSING`, and what rendering throws.
 */
export async function wantedContent(wish: ContentWish, context: Context): Promise<Uint8Array | undefined> {
  const { path, bytes } = (await rawContent(wish, context)) ?? {};
  if (bytes === undefined || path === undefined || !wish.template) return bytes;
  const text = textOf(bytes);
  if (text === undefined)
    throw new ZesterError('source', 'TEMPLATE_BINARY', manage(wish.name, `its source "${path}" is not UTF-8 text`));
  const source = wish.source === undefined ? undefined : path;
  const gathered = context.gathered?.of(wish.name) ?? {};
  const accumulator = Object.keys(gathered).length === 0 ? {} : { accumulator: gathered };
  const names = { ...templateNames({ ...wish, source }), ...wish.defaults, ...wish.context, ...accumulator };
  return bytesOf(context.templates.render(text, { path, context: names }));
}

/** What a template knows of the file it becomes, as in Salt: many begin with a line that names their source. */
export function templateNames({
  name,
  source,
  user,
  group,
  mode,
}: Pick<ContentWish, 'name' | 'user' | 'group' | 'mode'> & { readonly source?: string | undefined }) {
  return {
    name,
    source: source ?? null,
    user: user ?? null,
    group: group ?? null,
    mode: mode === undefined ? null : modeText(mode),
    attrs: null,
  };
}

async function rawContent(
  wish: ContentWish,
  context: Context,
): Promise<{ path: string; bytes: Uint8Array } | undefined> {
  const { name, contents, contents_pillar, contents_grains } = wish;
  if (wish.source !== undefined && wish.source.length > 0) return fromSource(wish, wish.source, context);
  if (contents !== undefined) return { path: name, bytes: bytesOf(asLines(contents, wish)) };
  if (contents_pillar !== undefined) return fromData(wish, contents_pillar, context.settings, 'setting');
  if (contents_grains !== undefined) return fromData(wish, contents_grains, context.facts, 'fact');
  return undefined;
}

/** The first source that exists. */
async function fromSource(wish: ContentWish, sources: readonly string[], context: Context) {
  for (const path of sources) {
    const bytes = await context.sources.read(path);
    if (bytes === undefined) continue;
    verify(wish, path, bytes);
    return { path, bytes };
  }
  const list = sources.map((each) => `"${each}"`).join(', ');
  throw new ZesterError(
    'source',
    'SOURCE_MISSING',
    manage(wish.name, sources.length === 1 ? `there is no source ${list}` : `there is no source among ${list}`),
  );
}

function fromData(wish: ContentWish, keys: readonly string[], data: Readonly<Record<string, unknown>>, kind: string) {
  const values = keys.flatMap((key) => {
    const value = lookup(data, key);
    if (value === undefined || value === null)
      throw new ZesterError('source', 'SETTING_MISSING', manage(wish.name, `there is no ${kind} "${key}"`));
    return Array.isArray(value) ? value.map(String) : [String(value)];
  });
  return { path: wish.name, bytes: bytesOf(asLines(values, wish)) };
}

/** Every text on lines of its own; the last one ends with a line break unless that is not wanted. */
function asLines(texts: string | readonly string[], { contents_newline = true }: ContentWish): string {
  const all = typeof texts === 'string' ? [texts] : texts;
  const lines = all.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
  return contents_newline ? lines : lines.replace(/[\r\n]+$/, '');
}

const algorithms: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

function verify({ name, source_hash }: ContentWish, path: string, bytes: Uint8Array): void {
  if (source_hash === undefined || source_hash === '') return;
  const [, written, hex = ''] = /^(?:(md5|sha\d+)[=:])?([0-9a-f]+)$/i.exec(source_hash.trim()) ?? [];
  const algorithm = written?.toLowerCase() ?? algorithms[hex.length];
  if (algorithm === undefined)
    throw new ZesterError(
      'source',
      'SOURCE_HASH_INVALID',
      manage(name, `"${source_hash}" is no hash such as "sha256=…"`),
    );
  const actual = createHash(algorithm).update(bytes).digest('hex');
  if (actual !== hex.toLowerCase())
    throw new ZesterError('source', 'SOURCE_HASH_WRONG', manage(name, `"${path}" has the ${algorithm} hash ${actual}`));
}

function manage(name: string, reason: string): string {
  return `Cannot manage "${name}": ${reason}`;
}
