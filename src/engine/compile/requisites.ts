import { didYouMean } from '#base/errors.ts';
import type { Argument, Declaration, Entry } from '../document.ts';
import { inKinds, referenceKeywords } from '../keywords.ts';
import { list, pair } from '../node.ts';
import type { Problems } from '../problems.ts';
import { type Reference, readReferences } from '../references.ts';
import { appended, reportUnknown } from './extend.ts';
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
}

/**
 * What is written on one side is turned round to the side it belongs to: `require_in` on A gives its target a `require`
 * on A, `use` copies arguments. Targets must exist, and globs mean nothing here.
 */
export function requisites(high: High, options: RequisiteOptions): High {
  const gifts: Gift[] = [];
  for (const entry of high.values()) {
    for (const declaration of entry.declarations) {
      for (const argument of declaration.args.values()) {
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
  const owner = { id: entry.id, module: declaration.module, ref: entry.source.ref, dialect: entry.source.dialect };
  return readReferences(origin.argument, owner).flatMap((reference) => {
    if (key === 'use' || key === 'use_in') return copies(high, origin, reference, options);
    if (key === 'prereq') return prerequired(high, origin, reference);
    return turnedRound(high, origin, reference, options);
  });
}

/** `require_in: [x]` on A: x gets `require: [A]`. */
function turnedRound(high: High, origin: Origin, reference: Reference, options: RequisiteOptions): readonly Gift[] {
  const { entry, declaration, argument } = origin;
  const kind = argument.key.slice(0, -'_in'.length);
  return targetsOf(high, origin, reference, options).flatMap((target) => {
    const give = (to: Entry, whose: Declaration, key: string, value: Declaration, id: string): Gift => ({
      to,
      declaration: whose,
      argument: { key, at: argument.at, value: list([pair(keyOf(value), id, reference.at)], reference.at) },
    });
    const back = give(target.to, target.declaration, kind, declaration, entry.id);
    if (kind !== 'prereq') return [back];
    return [give(entry, declaration, 'prerequired', target.declaration, target.to.id), back];
  });

  /** In a `.zy` file an id may hold two functions of one module, so a reference back names the function too. */
  function keyOf({ module, functions }: Declaration): string {
    const siblings = entry.declarations.filter((each) => each.module === module);
    return siblings.length > 1 && entry.source.dialect === 'zy' ? `${module}.${functions[0]?.name}` : module;
  }
}

type Target = Pick<Gift, 'to' | 'declaration'>;

function targetsOf(
  high: High,
  origin: Origin,
  reference: Reference,
  { problems, late }: RequisiteOptions,
): readonly Target[] {
  const { pattern, at, kind } = reference;
  if (kind === 'sls') {
    return [...high.values()].filter(({ source }) => source.ref === pattern).flatMap(everyDeclaration);
  }
  const meant = moduleMeant(high, reference);
  if (meant === undefined) {
    if (!late && !problems.incomplete) reportUnknown(high, pattern, 'any module', origin.entry.source, at, problems);
    return [];
  }
  const found = findByName(high, meant.id, meant.module, reference.function);
  const [entry] = found;
  if (entry && found.length === 1) {
    return declarationsOf(entry, meant.module, reference.function)
      .slice(0, 1)
      .map((declaration) => ({ to: entry, declaration }));
  }
  if (!problems.incomplete) reportUnknown(high, pattern, meant.module, origin.entry.source, at, problems);
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

function everyDeclaration(entry: Entry): readonly Target[] {
  return entry.declarations.map((declaration) => ({ to: entry, declaration }));
}

/** The target of a `prereq` is told whom it waits for; only `state.show_lowstate` shows it, the order finds it anew. */
function prerequired(high: High, { entry, declaration, argument }: Origin, reference: Reference): readonly Gift[] {
  const { kind, pattern, at } = reference;
  const meant = kind === 'state' ? moduleMeant(high, reference) : undefined;
  const targets =
    kind === 'sls'
      ? [...high.values()].filter(({ source }) => source.ref === pattern).flatMap(everyDeclaration)
      : meant
        ? findByName(high, meant.id, meant.module).flatMap((to) =>
            declarationsOf(to, meant.module).map((each) => ({ to, declaration: each })),
          )
        : [];
  return targets.map((target) => ({
    ...target,
    argument: { key: 'prerequired', at: argument.at, value: list([pair(declaration.module, entry.id, at)], at) },
  }));
}

/** `use` copies what its owner does not say itself: never a name, never a requisite. */
function copies(
  high: High,
  origin: Origin,
  reference: Reference,
  { problems, late }: RequisiteOptions,
): readonly Gift[] {
  const { entry, declaration, argument } = origin;
  const meant = reference.kind === 'state' ? moduleMeant(high, reference) : undefined;
  const others: readonly Target[] =
    reference.kind === 'sls'
      ? [...high.values()].filter(({ source }) => source.ref === reference.pattern).flatMap(everyDeclaration)
      : meant === undefined
        ? []
        : findByName(high, meant.id, meant.module, reference.function).flatMap((to) =>
            declarationsOf(to, meant.module, reference.function).map((each) => ({ to, declaration: each })),
          );
  if (others.length === 0 && !late && !problems.incomplete) {
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
      .map((each) => ({ ...to, argument: each }));
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
