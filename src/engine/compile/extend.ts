import { didYouMean, type Place } from '#base/errors.ts';
import type { Argument, Declaration, Entry } from '../document.ts';
import { appendedKeywords } from '../keywords.ts';
import { itemsOf, list } from '../node.ts';
import type { Problems } from '../problems.ts';
import { findByName, type High } from './merge.ts';

/**
 * Every `extend` applied: arguments replace, lists of requisites append, a function replaces the function, and a `name`
 * replaces a list of `names`. The target is an id, or the `name` of exactly one state.
 */
export function extend(high: High, extensions: readonly Entry[], problems: Problems): High {
  const extended = new Map(high);
  for (const extension of extensions) {
    const target = targetOf(extended, extension, problems);
    if (target === undefined) continue;
    let declarations = target.declarations;
    for (const more of extension.declarations) {
      const meant = meantBy(more, declarations);
      declarations = meant
        ? declarations.map((each) => (each === meant ? extendDeclaration(each, more) : each))
        : [...declarations, more];
    }
    extended.set(target.id, { ...target, declarations });
  }
  return extended;
}

function targetOf(high: High, extension: Entry, problems: Problems): Entry | undefined {
  const [first] = extension.declarations;
  if (first === undefined) return undefined;
  const own = high.get(extension.id);
  // An id that is declared may be given a state of another module.
  if (own) return own;
  const named = findByName(high, extension.id, first.module);
  if (named.length === 1) return named[0];
  if (named.length > 1) reportAmbiguous(named, extension.id, extension.at, problems);
  else reportUnknown(high, extension.id, first.module, extension.source, extension.at, problems);
  return undefined;
}

/** A `name` that several ids have does not tell which of them is meant. */
export function reportAmbiguous(entries: readonly Entry[], name: string, at: Place, problems: Problems): void {
  const ids = entries.map(({ id }) => `"${id}"`).join(' and ');
  problems.add('NAME_AMBIGUOUS', `Cannot tell which state "${name}" is: it is the name of ${ids}`, {
    at,
    hint: 'Write the id of the one you mean',
  });
}

/** What Salt says for an `extend`, and for an `_in` requisite, whose target does not exist as that module. */
export function reportUnknown(
  high: High,
  id: string,
  module: string,
  { env, ref }: Entry['source'],
  at: Place,
  problems: Problems,
): void {
  if (problems.incomplete || problems.brokenIds.has(id)) return;
  const others = high.get(id)?.declarations.map((each) => each.module) ?? [];
  problems.add(
    'EXTEND_UNKNOWN',
    `Cannot extend ID '${id}' in '${env}:${ref}'. It is not part of the high state.\nThis is likely due to a missing include statement or an incorrectly typed ID.\nEnsure that a state with an ID of '${id}' is available\nin environment '${env}' and to SLS '${ref}'`,
    {
      at,
      hint:
        others.length > 0
          ? `"${id}" is declared with ${others.join(' and ')}, not with ${module}`
          : (didYouMean(id, high.keys()) ?? `Include the file that declares "${id}"`),
    },
  );
}

/** In a `.zy` file an id may hold two functions of one module: an extension that names one of them means that one. */
function meantBy(extension: Declaration, declarations: readonly Declaration[]): Declaration | undefined {
  const [first, ...others] = declarations.filter(({ module }) => module === extension.module);
  if (others.length === 0) return first;
  const named = extension.functions[0]?.name;
  return [first, ...others].find((each) => each?.functions[0]?.name === named);
}

export function extendDeclaration(declaration: Declaration, extension: Declaration): Declaration {
  const args = new Map(declaration.args);
  for (const [key, argument] of extension.args) {
    const earlier = args.get(key);
    if (earlier && appendedKeywords.has(key)) args.set(key, appended(earlier, argument));
    else args.set(key, argument);
    if (key === 'name') args.delete('names');
  }
  const functions = extension.functions.length > 0 ? extension.functions : declaration.functions;
  return { ...declaration, functions, args };
}

export function appended(earlier: Argument, later: Argument): Argument {
  return { ...earlier, value: list([...itemsOf(earlier.value), ...itemsOf(later.value)], earlier.value.at) };
}
