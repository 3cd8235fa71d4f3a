import type { Document } from '#engine/document.ts';
import type { Registry } from '#kit/function.ts';

/**
 * Whether a document declares states: what lies in a tree may be settings, or data that a template imports. Said of
 * files that nothing applies; what is applied has to declare states.
 */
export function isStateLike({ includes, extensions, entries }: Document, { states }: Registry): boolean {
  if (includes.length > 0 || extensions.length > 0) return true;
  const names = [...states.keys()].map((name) => name.split('.'));
  const modules = new Set(names.map(([module = '']) => module));
  const verbs = new Set(names.map(([, verb = '']) => verb));
  return entries.some(({ declarations }) =>
    declarations.some(({ module, functions: [first], args, at }) => {
      if (first === undefined) return false;
      const isDotted = first.at === at && args.size > 0;
      return isDotted || modules.has(module) || verbs.has(first.name);
    }),
  );
}

/** Whether it reads like a top file that lies under another name: references where functions would be. */
export function isTopLike({ entries }: Document, refs: ReadonlySet<string>): boolean {
  const named = entries.flatMap(({ declarations }) => declarations.flatMap(({ functions }) => functions));
  return named.length > 0 && named.every(({ name }) => refs.has(name));
}
