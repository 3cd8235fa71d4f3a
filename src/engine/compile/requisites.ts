import { didYouMean } from '#base/errors.ts';
import { type Argument, type Declaration, type Entry, type Exclusion, entriesOf } from '../document.ts';
import { inKinds, referenceKeywords } from '../keywords.ts';
import { list, pair } from '../node.ts';
import type { Problems } from '../problems.ts';
import { type Reference, readReferences } from '../references.ts';
import { isExcluded } from './exclude.ts';
import { appended, reportAmbiguous, reportUnknown } from './extend.ts';
import { declarationsOf, findByName, type High } from './merge.ts';

interface Origin {
  readonly entry: Entry;
  readonly declaration: Declaration;
  readonly argument: Argument;
}

/** An argument that a requisite on one state gives to another. */
interface Gift {
  readonly to: Entry;
  readonly declaration: Declaration;
  readonly argument: Argument;
}

export interface RequisiteOptions {
  readonly problems: Problems;
  /** As Salt 3006: what names nothing is passed over here. */
  readonly late: boolean;
  readonly excluded: readonly Exclusion[];
}

/**
 * What is written on one side is turned round to the side it belongs to: `require_in` on A gives its target a `require`
 * on A, `use` copies arguments. Targets must exist, and globs mean nothing here.
 */
export function requisites(high: High, options: RequisiteOptions): High {
  const gifts: Gift[] = [];
  for (const entry of high.values()) {
    for (const declaration of entry.declarations) {
      for (const argument of [...declaration.args.values()].flatMap(entriesOf)) {
        gifts.push(...giftsOf(high, { entry, declaration, argument }, options));
      }
    }
  }
  return hand(high, gifts);
}

function giftsOf(high: High, origin: Origin, options: RequisiteOptions): readonly Gift[] {
  const { key } = origin.argument;
  const isIn = (inKinds as readonly string[]).includes(key);
  if (!isIn && !['use', 'use_in', 'prereq'].includes(key)) return [];
  const { entry, declaration } = origin;
  if (isIn && isExcluded(entry.source, options.excluded)) return [];
  const owner = { id: entry.id, module: declaration.module, ref: entry.source.ref, dialect: entry.source.dialect };
  const references = readReferences(origin.argument, owner);
  if (key === 'use' || key === 'use_in') {
    return references.flatMap((reference) => copies(high, origin, reference, options));
  }
  return hinged(references, (reference) =>
    key === 'prereq' ? statesMeant(high, reference) : targetsOf(high, origin, reference, options),
  ).flatMap(([target, reference]) =>
    key === 'prereq' ? [prerequired(origin, target, reference)] : turnedRound(origin, target, reference),
  );
}

/**
 * Each reference with what it hinges on, as Salt reads a list: an entry goes to the targets of the entries before it
 * once more, until a whole file starts anew. It changes no run, but `state.show_lowstate` shows it.
 */
function hinged(
  references: readonly Reference[],
  find: (reference: Reference) => readonly Target[],
): readonly (readonly [Target, Reference])[] {
  let hinges: readonly Target[] = [];
  return references.flatMap((reference) => {
    const found = find(reference);
    hinges = reference.kind === 'sls' ? found : [...hinges, ...found];
    return hinges.map((target) => [target, reference] as const);
  });
}

/** `require_in: [x]` on A: x gets `require: [A]`. */
function turnedRound({ entry, declaration, argument }: Origin, target: Target, reference: Reference): readonly Gift[] {
  const kind = argument.key.slice(0, -'_in'.length);
  const give = (whose: Target, key: string, other: Target): Gift => ({
    ...whose,
    argument: { key, at: argument.at, value: list([pair(keyOf(other), other.to.id, reference.at)], reference.at) },
  });
  const origin = { to: entry, declaration };
  const back = give(target, kind, origin);
  return kind === 'prereq' ? [give(origin, 'prerequired', target), back] : [back];
}

/** In a `.zy` file an id may hold two functions of one module, so a reference back names the function too. */
function keyOf({ to, declaration: { module, functions } }: Target): string {
  const siblings = to.declarations.filter((each) => each.module === module);
  return siblings.length > 1 && to.source.dialect === 'zy' ? `${module}.${functions[0]?.name}` : module;
}

type Target = Pick<Gift, 'to' | 'declaration'>;

function targetsOf(
  high: High,
  origin: Origin,
  reference: Reference,
  { problems, late }: RequisiteOptions,
): readonly Target[] {
  const { pattern, at, kind } = reference;
  if (kind === 'sls') return statesOfFile(high, pattern);
  const meant = moduleMeant(high, reference);
  if (meant === undefined) {
    if (!late) reportUnknown(high, pattern, 'any module', origin.entry.source, at, problems);
    return [];
  }
  const found = findByName(high, meant.id, meant.module, reference.function);
  const [entry] = found;
  if (entry && found.length === 1) {
    return declarationsOf(entry, meant.module, reference.function)
      .slice(0, 1)
      .map((declaration) => ({ to: entry, declaration }));
  }
  if (found.length > 1) reportAmbiguous(found, pattern, at, problems);
  else reportUnknown(high, pattern, meant.module, origin.entry.source, at, problems);
  return [];
}

/** A bare id means its first state; a bare name the state that has it. */
function moduleMeant(high: High, { module, pattern }: Reference): { id: string; module: string } | undefined {
  if (module !== undefined) return { id: pattern, module };
  const [first] = high.get(pattern)?.declarations ?? [];
  if (first) return { id: pattern, module: first.module };
  for (const entry of high.values()) {
    for (const each of entry.declarations) {
      const name = each.args.get('name')?.value;
      if (name?.kind === 'scalar' && name.value === pattern) return { id: entry.id, module: each.module };
    }
  }
  return undefined;
}

function statesOfFile(high: High, ref: string): readonly Target[] {
  const entries = [...high.values()].filter(({ source }) => source.ref === ref);
  return entries.flatMap((to) => to.declarations.map((declaration) => ({ to, declaration })));
}

function statesNamed(high: High, name: string, module: string, functionName?: string): readonly Target[] {
  return findByName(high, name, module, functionName).flatMap((to) =>
    declarationsOf(to, module, functionName).map((declaration) => ({ to, declaration })),
  );
}

function statesMeant(high: High, reference: Reference): readonly Target[] {
  if (reference.kind === 'sls') return statesOfFile(high, reference.pattern);
  const meant = moduleMeant(high, reference);
  return meant === undefined ? [] : statesNamed(high, meant.id, meant.module, reference.function);
}

/** The target of a `prereq` is told whom it waits for; only `state.show_lowstate` shows it, the order finds it anew. */
function prerequired({ entry, declaration, argument }: Origin, target: Target, { at }: Reference): Gift {
  const value = list([pair(declaration.module, entry.id, at)], at);
  return { ...target, argument: { key: 'prerequired', at: argument.at, value } };
}

/** `use` copies what its owner does not say itself: never a name, never a requisite. */
function copies(
  high: High,
  origin: Origin,
  reference: Reference,
  { problems, late }: RequisiteOptions,
): readonly Gift[] {
  const { entry, declaration, argument } = origin;
  const others = statesMeant(high, reference);
  if (others.length === 0 && !late && !problems.incomplete && !problems.brokenIds.has(reference.pattern)) {
    problems.add(
      'REQUISITE_UNKNOWN',
      `Cannot use the arguments of "${reference.text}" in "${entry.id}": no file declares it`,
      {
        at: reference.at,
        hint: didYouMean(reference.pattern, high.keys()),
      },
    );
  }
  const own = { to: entry, declaration };
  return others.flatMap((other) => {
    const [from, to] = argument.key === 'use' ? [other, own] : [own, other];
    return [...from.declaration.args.values()]
      .filter(
        ({ key }) =>
          !isKept(key) && !to.declaration.args.has(key) && !(key === 'order' && to.declaration.autoOrder !== undefined),
      )
      .map((each) => ({ ...to, argument: { ...each, borrowed: true as const } }));
  });
}

function isKept(key: string): boolean {
  return key === 'name' || key === 'names' || key === 'prerequired' || referenceKeywords.has(key);
}

function hand(high: High, gifts: readonly Gift[]): High {
  const given = new Map(high);
  for (const { to, declaration, argument } of gifts) {
    const entry = given.get(to.id);
    if (entry === undefined) continue;
    const index = to.declarations.indexOf(declaration);
    const declarations = entry.declarations.map((each, position) =>
      position === index ? withArgument(each, argument) : each,
    );
    given.set(to.id, { ...entry, declarations });
  }
  return given;
}

function withArgument(declaration: Declaration, argument: Argument): Declaration {
  const earlier = declaration.args.get(argument.key);
  const merged = earlier && isListed(argument.key) ? appended(earlier, argument) : argument;
  return { ...declaration, args: new Map(declaration.args).set(argument.key, merged) };
}

function isListed(key: string): boolean {
  return key === 'prerequired' || referenceKeywords.has(key);
}
