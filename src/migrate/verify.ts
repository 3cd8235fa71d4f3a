import { isDeepStrictEqual } from 'node:util';
import { asError } from '#base/errors.ts';
import { plainOf } from '#engine/node.ts';
import type { Compiled, World } from './compile.ts';
import type { Known } from './known.ts';
import { rewriteOf } from './rewrite/arguments.ts';

/** A run that does not compile to the same any more. */
export interface Difference {
  readonly sample: string;
  /** `web.config`, or what was compared instead of a reference. */
  readonly what: string;
  /** Files it was made of. */
  readonly files: ReadonlySet<string>;
  readonly detail: string;
  /** Whether one side is refused: then nothing was mistaken, there is only no way to say it otherwise. */
  readonly isRefused: boolean;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Files of the runs that came to the same. */
  readonly sound: ReadonlySet<string>;
}

export interface Worlds {
  readonly before: World;
  readonly after: World;
}

/**
 * What a machine is to have, before and after: the settings, the top file, every reference on its own, and the managed
 * files among `rewritten`. States count with their ids, order, arguments and requisites.
 */
export function compareWorlds(
  { before, after }: Worlds,
  {
    refs,
    known,
    rewritten,
  }: { readonly refs: readonly string[]; readonly known: Known; readonly rewritten: ReadonlySet<string> },
): Comparison {
  const sample = before.sample.name;
  const found: Difference[] = [];
  const sound = new Set<string>();
  const differ = (what: string, files: ReadonlySet<string>, detail: string, isRefused = false) =>
    found.push({ sample, what, files, detail, isRefused });

  if (!isDeepStrictEqual(before.settings, after.settings)) differ('settings', new Set(), 'the settings are others');
  const [top, newTop] = [topOf(before), topOf(after)];
  if (!isDeepStrictEqual(top, newTop)) {
    const detail = `it gives ${shown(newTop.given)}, and gave ${shown(top.given)}`;
    differ('the top file', new Set(['top.sls']), detail, top.isRefused || newTop.isRefused);
  }
  for (const ref of refs) {
    const [old, now] = [before.compile(ref), after.compile(ref)];
    const detail = difference(statesOf(old, known), statesOf(now, known)) ?? difference(codesOf(old), codesOf(now));
    if (detail !== undefined) differ(ref, old.files.union(now.files), detail, old.errors.length > 0);
    else for (const file of old.files) sound.add(file);
    for (const { path, context } of managedIn(old)) {
      if (!rewritten.has(path)) continue;
      const [oldText, newText] = [before, after].map((world) => textIn(world, path, context));
      if (oldText !== newText) differ(path, new Set([path]), 'its content is another');
    }
  }
  return { differences: found, sound };
}

function topOf(world: World): { readonly given: readonly string[]; readonly isRefused: boolean } {
  try {
    return { given: world.top(), isRefused: false };
  } catch (error) {
    return { given: [asError(error).code], isRefused: true };
  }
}

function codesOf({ errors }: Compiled): readonly string[] {
  return errors.map(({ code }) => code);
}

/** States as text, in order: what was rewritten on purpose reads alike on both sides. */
function statesOf({ drafts }: Compiled, known: Known): readonly string[] {
  return drafts.map(({ id, name, state, args, entry }) => {
    const kept = [...args].flatMap(([key, { value }]) => {
      const rewrite = rewriteOf(state, key, known, args);
      if (rewrite !== undefined && rewrite.to === undefined) return [];
      return [[rewrite?.to ?? key, plainOf(value)] as const];
    });
    return alike(JSON.stringify([entry.source.ref, id, state, name, Object.fromEntries(kept)]));
  });
}

/** `zester://` and `salt://` are one. */
function alike(text: string): string {
  return text.replaceAll('zester://', 'salt://');
}

function difference(before: readonly string[], after: readonly string[]): string | undefined {
  const index = Array.from({ length: Math.max(before.length, after.length) }, (_, at) => at).find(
    (at) => before[at] !== after[at],
  );
  if (index === undefined) return undefined;
  return `${index + 1}. is ${after[index] ?? 'missing'}, and was ${before[index] ?? 'missing'}`;
}

function shown(refs: readonly string[]): string {
  return refs.length === 0 ? 'nothing' : refs.join(', ');
}

export interface Managed {
  readonly path: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** Files of the tree that these states render as templates, with what they render them with. */
export function managedIn({ drafts }: Pick<Compiled, 'drafts'>): readonly Managed[] {
  return drafts.flatMap(({ args, name }): readonly Managed[] => {
    const plain = (key: string): unknown => {
      const value = args.get(key)?.value;
      return value && plainOf(value);
    };
    if (plain('template') !== 'jinja') return [];
    const sources = [plain('source')].flat().filter((each) => typeof each === 'string');
    const own = { name, user: plain('user') ?? null, group: plain('group') ?? null, mode: plain('mode') ?? null };
    const given = { ...mapOf(plain('defaults')), ...mapOf(plain('context')) };
    return sources.map((source) => ({ path: pathOf(source), context: { ...own, source, ...given } }));
  });
}

/** The file of the tree that a source names. */
export function pathOf(source: string): string {
  return source.replace(/^(?:salt|zester):\/\//, '').replace(/\?.*$/, '');
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The text, or the code of the error that it ends in. */
function textIn(world: World, path: string, context: Readonly<Record<string, unknown>>): string {
  try {
    return alike(world.text(path, context));
  } catch (error) {
    return asError(error).code;
  }
}
