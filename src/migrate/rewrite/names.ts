import type { RawNode } from '#render/yaml/compose.ts';
import type { Known } from '../known.ts';
import { declaredIn } from '../read/declared.ts';
import type { Sheet } from '../read/sheet.ts';
import type { Edit } from './edits.ts';

/** Salt's names in templates that mean the very same under Zester's. `grains` is not among them: facts have other values. */
const synonyms: Readonly<Record<string, string>> = { salt: 'zester', pillar: 'settings' };

/**
 * Salt's words as Zester's, where both are names of one thing: an option, for both are understood. `taken` are names that
 * some template of the tree gives another meaning: those are neither replaced nor used.
 */
export function rewriteNames(
  { source, uses, skeleton }: Sheet,
  { known, taken }: { readonly known: Known; readonly taken: ReadonlySet<string> },
): readonly Edit[] {
  const inTemplate = uses === undefined ? [] : [...names(), ...functions(), ...texts()];
  return [...inTemplate, ...(skeleton === undefined ? [] : paths(skeleton.roots))];

  function names(): readonly Edit[] {
    return (uses?.names ?? []).flatMap(({ name, at }) => {
      const synonym = Object.hasOwn(synonyms, name) ? synonyms[name] : undefined;
      if (synonym === undefined || taken.has(name) || taken.has(synonym)) return [];
      return [{ start: at, end: at + name.length, text: synonym, why: `"${name}" is "${synonym}" in Zester` }];
    });
  }

  /** `salt['pillar.get']` and `salt.pillar.get`. */
  function functions(): readonly Edit[] {
    return (uses?.functions ?? []).flatMap(({ name, at }) => {
      const renamed = name.replace(/^pillar\./, 'settings.');
      if (renamed === name || !known.functions.has(renamed) || taken.has('salt')) return [];
      const start = at + (/['"]/.test(source.text.charAt(at)) ? 1 : 0);
      if (!source.text.startsWith('pillar', start)) return [];
      return [{ start, end: start + 'pillar'.length, text: 'settings', why: '"pillar" is "settings" in Zester' }];
    });
  }

  /** Addresses that a template puts together. */
  function texts(): readonly Edit[] {
    return (uses?.texts ?? []).flatMap(({ name, at }) =>
      name.startsWith(scheme) && source.text.startsWith(scheme, at + 1) ? [addressAt(at + 1)] : [],
    );
  }

  /** Addresses among the arguments of states. */
  function paths(roots: readonly RawNode[]): readonly Edit[] {
    return declaredIn(roots).flatMap(({ state, args }) =>
      args
        .filter(({ key }) => addressed.has(key) || (key === 'name' && state === 'cmd.script'))
        .flatMap(({ value }) => scalarsIn(value))
        .filter(({ text }) => text.startsWith(scheme))
        .flatMap((node) => {
          const start = node.at + (node.plain ? 0 : 1);
          return source.text.startsWith(scheme, start) ? [addressAt(start)] : [];
        }),
    );
  }
}

const scheme = 'salt://';

/** Arguments whose value names a file of the tree. */
const addressed: ReadonlySet<string> = new Set(['source', 'sources', 'source_hash']);

function addressAt(start: number): Edit {
  return { start, end: start + scheme.length, text: 'zester://', why: 'A file of the tree' };
}

function scalarsIn(node: RawNode): readonly Extract<RawNode, { kind: 'scalar' }>[] {
  if (node.kind === 'scalar') return [node];
  return node.kind === 'list' ? node.items.flatMap(scalarsIn) : node.pairs.flatMap(({ value }) => scalarsIn(value));
}

/** Names that a file gives a meaning of its own, for itself, for what imports it, or for the templates it manages. */
export function namesTakenBy({ uses, skeleton }: Sheet): readonly string[] {
  const given = declaredIn(skeleton?.roots ?? []).flatMap(({ args }) =>
    args.filter(({ key }) => key === 'context' || key === 'defaults').flatMap(({ value }) => keysIn(value)),
  );
  return [...(uses?.bound ?? []), ...given];
}

function keysIn(node: RawNode): readonly string[] {
  if (node.kind === 'list') return node.items.flatMap(keysIn);
  return node.kind === 'map' ? node.pairs.flatMap(({ key }) => (key.kind === 'scalar' ? [key.text] : [])) : [];
}
