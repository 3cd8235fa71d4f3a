import { type Declaration, type Entry, entriesOf } from '../document.ts';
import { engineKeywords, referenceKeywords } from '../keywords.ts';
import { isNull } from '../node.ts';
import type { Problems } from '../problems.ts';
import { readReferences } from '../references.ts';
import type { High } from './merge.ts';

export interface VerifyOptions {
  readonly problems: Problems;
  /** As Salt 3006, which passes over more. */
  readonly late: boolean;
}

/** The structure of every state, after `extend` had its say: one function each, lists where lists belong. */
export function verify(high: High, { problems, late }: VerifyOptions): void {
  for (const entry of high.values()) {
    for (const declaration of entry.declarations) verifyDeclaration(entry, declaration, { problems, late });
  }
}

function verifyDeclaration(entry: Entry, declaration: Declaration, { problems, late }: VerifyOptions) {
  const { id, source } = entry;
  const { functions, module, args, at } = declaration;
  if (functions.length === 0) {
    problems.add('FUNCTION_MISSING', `No function declared in state '${id}' in SLS '${source.ref}'`, {
      at,
      hint: hintForFunction(entry, declaration),
    });
  }
  if (functions.length > 1) {
    // Salt names the one that stands with the module last.
    const names = functions.toSorted((a, b) => Number(a.at === at) - Number(b.at === at)).map(({ name }) => name);
    problems.add(
      'FUNCTION_SURPLUS',
      `Too many functions declared in state '${id}' in SLS '${source.ref}'. Please choose one of the following: ${names.join(', ')}`,
      { at: functions[1]?.at ?? at, hint: 'Keep one function, and write the others below ids of their own' },
    );
  }
  const names = args.get('names');
  if (names && names.value.kind !== 'list' && (source.dialect === 'sls' || isNull(names.value))) {
    problems.add(
      'NAMES_INVALID',
      `The 'names' argument in state '${id}' in SLS '${source.ref}' needs to be formed as a list`,
      {
        at: names.at,
        hint: 'Write each name as a list entry',
      },
    );
  }
  for (const { key, at, shares } of source.dialect === 'sls' ? args.values() : []) {
    if (!shares) continue;
    problems.add(
      'ARGUMENT_SHAPE',
      `Multiple dictionaries defined in argument of state '${id}' in SLS '${source.ref}'`,
      { at, hint: `Write "- ${key}: …" as a list entry of its own` },
    );
  }
  const owner = { id, module, ref: source.ref, dialect: source.dialect, late };
  for (const argument of [...args.values()].flatMap(entriesOf)) {
    if (referenceKeywords.has(argument.key)) readReferences(argument, owner, problems);
  }
}

function hintForFunction({ id, declarations }: Entry, { module }: Declaration): string {
  if (engineKeywords.has(module)) return `Write "${module}" as an argument of a state: a list entry below it`;
  const others = declarations.filter(({ functions }) => functions.length > 0).map((each) => each.module);
  if (others.length === 0) return 'Write a state as "module.function", such as "pkg.installed"';
  return `"${id}" is declared with ${others.join(' and ')}: write that, or "${module}" with its function`;
}
