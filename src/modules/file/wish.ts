import { ZesterError } from '#base/errors.ts';
import { scalarText } from '#kit/coerce.ts';
import { bytesOf, textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import { type AccountRef, modeText } from '#kit/types.ts';
import { withoutSetId } from '#machine/files/trust.ts';
import { verifyHash } from './source-hash.ts';

/** The arguments that say what a file holds. */
export interface ContentWish {
  readonly name: string;
  readonly source?: readonly string[] | undefined;
  readonly source_hash?: string | undefined;
  readonly source_hash_name?: string | undefined;
  readonly contents?: string | readonly string[] | Uint8Array | undefined;
  readonly contents_pillar?: readonly string[] | undefined;
  readonly contents_grains?: readonly string[] | undefined;
  readonly contents_delimiter?: string | undefined;
  readonly contents_newline?: boolean | undefined;
  readonly allow_empty?: boolean | undefined;
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

/** Permission bits of the source that is taken; undefined when there is none, or nothing is known of it. */
export async function sourceMode(
  { source = [] }: Pick<ContentWish, 'source'>,
  context: Context,
): Promise<number | undefined> {
  for (const path of source.map(withoutScheme)) {
    if ((await context.sources.read(path)) !== undefined) return keptMode(path, context);
  }
  return undefined;
}

async function rawContent(
  wish: ContentWish,
  context: Context,
): Promise<{ path: string; bytes: Uint8Array } | undefined> {
  const { name, contents, contents_pillar, contents_grains } = wish;
  if (wish.source !== undefined && wish.source.length > 0) return fromSource(wish, wish.source, context);
  if (contents !== undefined) return { path: name, bytes: ownBytes(contents, wish) };
  if (contents_pillar !== undefined) return fromData(wish, contents_pillar, context.settings, 'setting');
  if (contents_grains !== undefined) return fromData(wish, contents_grains, context.facts, 'fact');
  return undefined;
}

/** The first source that exists. */
async function fromSource(wish: ContentWish, sources: readonly string[], context: Context) {
  for (const path of sources.map(withoutScheme)) {
    const bytes = await context.sources.read(path);
    if (bytes === undefined) continue;
    await verifyHash(wish, path, bytes, context.sources);
    return { path, bytes };
  }
  const list = sources.map((each) => `"${each}"`).join(', ');
  const remote = sources.find((each) => /^(?!zester:|salt:|file:)[a-z][a-z0-9+.-]*:\/\//i.test(each));
  if (remote !== undefined) {
    throw new ZesterError('source', 'SOURCE_UNREACHABLE', manage(wish.name, `nothing fetches "${remote}"`), {
      hint: 'Put the file into the state tree, or fetch it with a command before',
    });
  }
  throw new ZesterError(
    'source',
    'SOURCE_MISSING',
    manage(wish.name, sources.length === 1 ? `there is no source ${list}` : `there is no source among ${list}`),
    { hint: (await folderAmong(sources, context)) ? 'It is a folder: file.recurse puts it down' : undefined },
  );
}

async function folderAmong(sources: readonly string[], context: Context): Promise<boolean> {
  for (const path of sources) {
    if (!path.startsWith('/') && (await context.sources.list(path)).length > 0) return true;
  }
  return false;
}

/** `file:///path` is a path of the machine. */
function withoutScheme(source: string): string {
  return source.replace(/^file:\/\/(?=\/)/, '');
}

function fromData(wish: ContentWish, keys: readonly string[], data: Readonly<Record<string, unknown>>, kind: string) {
  const values = keys.map((key) => {
    const value = lookup(data, key, wish.contents_delimiter);
    if (value === undefined || value === null)
      throw new ZesterError('source', 'SETTING_MISSING', manage(wish.name, `there is no ${kind} "${key}"`));
    return value;
  });
  const [only] = values;
  if (values.length === 1 && only instanceof Uint8Array) return { path: wish.name, bytes: only };
  const texts = values.flat().map((value) => textIn(value, wish, kind));
  if (wish.allow_empty === false && texts.join('') === '')
    throw new ZesterError('source', 'SETTING_EMPTY', manage(wish.name, `the ${kind} "${keys.join('", "')}" is empty`));
  return { path: wish.name, bytes: ownBytes(texts.length === 1 ? (texts[0] ?? '') : texts, wish) };
}

function textIn(value: unknown, { name }: ContentWish, kind: string): string {
  const text = scalarText(value, 'python');
  if (text !== undefined) return text;
  throw new ZesterError(
    'source',
    'SETTING_INVALID',
    manage(name, `a ${kind} for its content is neither text nor a list of texts`),
    {
      hint: 'Use file.serialize to write data',
    },
  );
}

/** Bytes, and a text with a null in it, are taken as they are. */
function ownBytes(contents: string | readonly string[] | Uint8Array, wish: ContentWish): Uint8Array {
  if (contents instanceof Uint8Array) return contents;
  if (typeof contents === 'string' && contents.includes('\0')) return bytesOf(contents);
  return bytesOf(asLines(contents, wish));
}

/** Every text on lines of its own; the last one ends with a line break unless that is not wanted. */
function asLines(texts: string | readonly string[], { contents_newline = true }: ContentWish): string {
  const all = typeof texts === 'string' ? [texts] : texts;
  const lines = all.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
  return contents_newline ? lines : lines.replace(/[\r\n]+$/, '');
}

function manage(name: string, reason: string): string {
  return `Cannot manage "${name}": ${reason}`;
}

/**
 * The mode of a source. One that lies on this machine may be anybody's, and what is made of it is not theirs: it does not
 * say whom that runs as. The state tree is the operator's own word.
 */
export async function keptMode(source: string, { sources }: Context): Promise<number> {
  const mode = (await sources.mode(source)) ?? 0o644;
  return /^(file:\/\/)?\//.test(source) ? withoutSetId(mode) : mode;
}
