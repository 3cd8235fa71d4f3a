import { isError } from '#base/errors.ts';
import type { Session } from '#engine/compiler.ts';
import type { RunScope } from '#engine/engine.ts';
import type { Wanted } from '#engine/gather.ts';
import { itemsOf, keyText, type Node, plainOf, textOf } from '#engine/node.ts';
import { Problems } from '#engine/problems.ts';
import { expandRef, locate, type Tree } from '#engine/tree.ts';

type Settings = Readonly<Record<string, unknown>>;

export interface SettingsParts {
  readonly tree: Tree;
  readonly scope: RunScope;
  readonly matches: (target: string, kind: string) => boolean;
}

/**
 * The settings that a tree of them gives a machine: each file is rendered with those before it, and laid over them. What
 * cannot be rendered is left out; lint tells of it.
 */
export function settingsFor(start: (scope: RunScope) => Session, { tree, scope, matches }: SettingsParts): Settings {
  const problems = new Problems();
  const seen = new Set<string>();

  const load = (before: Settings, ref: string): Settings => {
    const source = seen.has(ref) ? undefined : locate(tree, 'base', ref);
    seen.add(ref);
    const node = source && start({ ...scope, settings: before }).rendering.document(source, problems);
    if (node?.kind !== 'map') return before;
    const included = includedIn(node).flatMap((each) => expandRef(tree, each));
    const { include: _, ...own } = plainOf(node) as Record<string, unknown>;
    return merged(included.reduce(load, before), own);
  };

  return wantedFrom(() => start(scope).top(matches, undefined))
    .flatMap(({ ref }) => expandRef(tree, ref))
    .reduce(load, {});
}

function wantedFrom(top: () => readonly Wanted[]): readonly Wanted[] {
  try {
    return top();
  } catch (error) {
    if (isError(error)) return [];
    throw error;
  }
}

/** `- common`, and `- common: {key: …}`. */
function includedIn(node: Node & { kind: 'map' }): readonly string[] {
  const listed = node.entries.find(({ key }) => keyText(key) === 'include')?.value;
  return (listed ? itemsOf(listed) : []).flatMap((item) => {
    const ref = textOf(item) ?? (item.kind === 'map' && item.entries[0] ? keyText(item.entries[0].key) : undefined);
    return ref === undefined ? [] : [ref];
  });
}

/** Maps are merged, anything else of the later one wins. */
function merged(base: Settings, over: Settings): Settings {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const earlier = result[key];
    result[key] = isMap(earlier) && isMap(value) ? merged(earlier, value) : value;
  }
  return result;
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
