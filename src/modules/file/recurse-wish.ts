import { ZesterError } from '#base/errors.ts';
import { nameMatcher } from '#kit/abilities/patterns.ts';
import { bytesOf, textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { type AccountRef, parentOf } from '#kit/types.ts';
import { keptMode, templateNames } from './wish.ts';

export type Path = `/${string}`;

/** What a folder of the state tree is to become on the machine. */
export interface TreeWish {
  readonly name: string;
  readonly source: readonly string[];
  readonly user?: AccountRef | undefined;
  readonly group?: AccountRef | undefined;
  readonly file_mode?: number | 'keep' | undefined;
  readonly template?: boolean | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
  readonly include_pat: readonly string[];
  readonly exclude_pat: readonly string[];
  readonly maxdepth?: number | undefined;
  readonly keep_symlinks: boolean;
  readonly include_empty: boolean;
}

export interface WantedFile {
  content(): Promise<Uint8Array>;
  /** Undefined when nothing is said of it. */
  mode(): Promise<number | undefined>;
}

/** The same by its paths on the machine, in their order. */
export interface WantedTree {
  readonly files: ReadonlyMap<Path, WantedFile>;
  /** Path → where it leads, as it is written in the tree. */
  readonly links: ReadonlyMap<Path, string>;
  /** The folder itself, and all that is needed or wanted in it; topmost first. */
  readonly folders: readonly Path[];
}

/** Throws `SOURCE_MISSING` when none of the sources is there. */
export async function wantedTree(wanted: TreeWish, context: Context): Promise<WantedTree> {
  const { name, keep_symlinks, include_empty } = wanted;
  const { listed, shape, inside, sourceOf } = await firstSource(wanted, context);
  const isSelected = selector(wanted);
  const links = keep_symlinks
    ? new Map([...shape.links].map(([path, target]) => [inside(path), target]))
    : new Map<string, string>();
  const isBelowLink = (path: string) => links.size > 0 && [path, ...foldersAbove(path)].some((each) => links.has(each));
  const selected = (paths: readonly string[]) =>
    paths.map(inside).filter((each) => each !== '' && isSelected(each) && !isBelowLink(each));
  const place = (each: string) => `${name}/${each}` as Path;
  const files = new Map(
    selected(listed).map((each) => [place(each), fileOf(sourceOf(each), place(each), wanted, context)]),
  );
  const wantedLinks = new Map(
    [...links].filter(([each]) => isSelected(each)).map(([each, target]) => [place(each), target]),
  );
  const empty = include_empty ? selected(shape.folders).map(place) : [];
  const needed = [...files.keys(), ...wantedLinks.keys(), ...empty].flatMap((path) => between(name, path));
  const folders = [...new Set([name as Path, ...needed, ...empty])].toSorted();
  return { files, links: wantedLinks, folders };
}

/** The first source that is there, as its list of files, and how its paths are written. */
async function firstSource({ name, source }: TreeWish, { sources }: Context) {
  for (const each of source) {
    const [, scheme = '', path = '', query = ''] = /^((?:zester|salt):\/\/)?([^?]*)(\?.*)?$/.exec(each) ?? [];
    const folder = path.replace(/\/+$/, '');
    const at = `${scheme}${folder}${query}`;
    const [listed, shape] = [await sources.list(at), await sources.shape(at)];
    if (listed.length === 0 && shape.folders.length === 0) continue;
    return {
      listed,
      shape,
      inside: (whole: string) => (folder === '' ? whole : whole.slice(folder.length + 1)),
      sourceOf: (inner: string) => `${scheme}${folder === '' ? '' : `${folder}/`}${inner}${query}`,
    };
  }
  const list = source.map((each) => `"${each}"`).join(', ');
  const what = source.length === 1 ? `there is no source folder ${list}` : `there is no source folder among ${list}`;
  throw new ZesterError('source', 'SOURCE_MISSING', `Cannot fill "${name}": ${what}`);
}

function fileOf(source: string, path: Path, wanted: TreeWish, context: Context): WantedFile {
  const { file_mode } = wanted;
  return {
    content: () => contentOf(source, path, wanted, context),
    mode: async () => (file_mode === 'keep' ? await keptMode(source, context) : file_mode),
  };
}

async function contentOf(
  source: string,
  name: Path,
  wanted: TreeWish,
  { sources, templates }: Context,
): Promise<Uint8Array> {
  const bytes = await sources.read(source);
  if (bytes === undefined) {
    throw new ZesterError('source', 'SOURCE_MISSING', `Cannot fill "${wanted.name}": there is no source "${source}"`);
  }
  const text = wanted.template ? textOf(bytes) : undefined;
  if (text === undefined) return bytes;
  const mode = wanted.file_mode === 'keep' ? undefined : wanted.file_mode;
  const names = { ...templateNames({ ...wanted, name, source, mode }), ...wanted.defaults, ...wanted.context };
  return bytesOf(templates.render(text, { path: source, context: names }));
}

function selector({
  include_pat,
  exclude_pat,
  maxdepth = Number.POSITIVE_INFINITY,
}: TreeWish): (path: string) => boolean {
  const [included, excluded] = [include_pat.map(nameMatcher), exclude_pat.map(nameMatcher)];
  return (path) =>
    path.split('/').length - 1 <= maxdepth &&
    (included.length === 0 || included.some((matches) => matches(path))) &&
    !excluded.some((matches) => matches(path));
}

/** `a/b`, `a` of `a/b/c`. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
}

/** The directories between a folder and what lies in it, topmost first. */
function between(folder: string, path: string): readonly Path[] {
  const parent = parentOf(path);
  return parent === folder ? [] : [...between(folder, parent), parent as Path];
}
