import { isDeepStrictEqual } from 'node:util';
import { isError } from '#base/errors.ts';
import { isGlob } from '#pattern/glob.ts';
import { parse } from '#target/parse.ts';
import { print } from '#target/print.ts';
import type { FactTarget, Target, TargetType } from '#target/syntax.ts';

/** A target of Salt as a `.zy` file writes it, or why it cannot be written there. */
export type Translated = { readonly text: string; readonly groups: readonly string[] } | { readonly trouble: string };

/** Reads a target by Salt's rules and writes it by Zester's, so that both choose the same machines. */
export function translateTarget(written: string, type: TargetType): Translated {
  const groups = groupsIn(written, type);
  const placeholders = Object.fromEntries(groups.map((name, index) => [name, [`${placeholder}${index}`]]));
  const native = nativeOf(parse(written, { dialect: 'salt', type, groups: placeholders }), groups);
  if ('trouble' in native) return native;
  try {
    const text = print(native.target);
    const back = parse(text, { groups: placeholders });
    if (isDeepStrictEqual(withoutGroups(back), withoutGroups(native.target))) return { text, groups };
    return { trouble: `"${text}" would be read otherwise` };
  } catch (error) {
    if (isError(error)) return { trouble: error.message.replace(/^Cannot read the target "[^"]*": /, '') };
    throw error;
  }
}

/** Salt puts a nodegroup's members in its place while it reads: this id stands for them until they are named again. */
const placeholder = 'nodegroup--';

function groupsIn(written: string, type: TargetType): readonly string[] {
  if (type === 'nodegroup') return [written];
  if (type !== 'compound') return [];
  return written.split(/\s+/).flatMap((word) => (word.startsWith('N@') ? [word.slice(2)] : []));
}

function withoutGroups(target: Target): unknown {
  if (target.kind === 'group') return { kind: 'group', name: target.name };
  if (target.kind === 'not') return { ...target, item: withoutGroups(target.item) };
  return 'items' in target ? { ...target, items: target.items.map(withoutGroups) } : target;
}

type Native = { readonly target: Target } | { readonly trouble: string };

/** The same choice by means that a `.zy` file can write. */
function nativeOf(target: Target, groups: readonly string[]): Native {
  switch (target.kind) {
    case 'none':
      return { trouble: 'it cannot be read, and chooses nothing' };
    case 'glob':
      return { target: isGlob(target.pattern) ? target : { kind: 'list', ids: [target.pattern] } };
    case 'list': {
      const [id = ''] = target.ids;
      if (!id.startsWith(placeholder)) return { target };
      return { target: { kind: 'group', name: groups[Number(id.slice(placeholder.length))] ?? '', target } };
    }
    case 'regex':
      return { target: { ...target, pattern: anchored(target.pattern.replace(/^\^\(\?:(.*)\)$/s, '$1')) } };
    case 'fact':
      return nativeFact(target);
    case 'not': {
      const inner = nativeOf(target.item, groups);
      return 'trouble' in inner ? inner : { target: { kind: 'not', item: inner.target } };
    }
    case 'and':
    case 'or': {
      const items = target.items.map((item) => nativeOf(item, groups));
      const trouble = items.find((each) => 'trouble' in each);
      if (trouble) return trouble;
      return { target: { ...target, items: items.flatMap((each) => ('target' in each ? [each.target] : [])) } };
    }
    default:
      return { target };
  }
}

/** Salt looks from the start of a text on, Zester anywhere in it. */
function anchored(pattern: string): string {
  if (hasChoice(pattern)) return `^(?:${pattern})`;
  return pattern.startsWith('^') ? pattern : `^${pattern}`;
}

/** Whether a `|` divides the whole pattern. */
function hasChoice(pattern: string): boolean {
  const plain = pattern.replaceAll(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]/gs, '');
  let depth = 0;
  for (const character of plain) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === '|' && depth === 0) return true;
  }
  return false;
}

function nativeFact(fact: FactTarget): Native {
  const { how, text, delimiter } = fact;
  const [path = '', ...rest] = text.split(delimiter);
  const value = rest.join(delimiter);
  if (how === 'exact') {
    if (isGlob(text)) return { trouble: `"${text}" is to be compared to the letter, and would be a glob` };
    return { target: { ...fact, how: 'glob' } };
  }
  if (how !== 'match') return { target: fact };
  if (rest.length !== 1) return { trouble: 'where its path ends and its pattern begins depends on the machine' };
  // Salt lower-cases a pattern with the value, so that "\D" means "\d": nothing else means that.
  if (/\\[A-Z]/.test(value)) return { trouble: `Salt reads the pattern "${value}" in lower case, which changes it` };
  return { target: { ...fact, how: 'regex', text: `${path}${delimiter}${anchored(value)}` } };
}
