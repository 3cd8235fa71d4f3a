import { asError, didYouMean, isError, nearest, type Place, withPlace, ZesterError } from '#base/errors.ts';
import {
  ArgumentErrors,
  type Arguments,
  argumentMeta,
  primaryArgument,
  type RawArgument,
  type RawArguments,
} from '#kit/arguments.ts';
import type { Registry } from '#kit/function.ts';
import type { State } from '#kit/state.ts';
import type { Argument } from '../document.ts';
import { engineKeywords, type RequisiteKind, requisiteKinds } from '../keywords.ts';
import { type Node, placeInside, plainOf, textOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import { type Reference, readReferences } from '../references.ts';
import { hasSlot, verifySlots } from '../slots.ts';
import type { Step, Work } from '../step.ts';
import type { Draft } from './names.ts';
import { readOptions } from './options.ts';

export interface BuildOptions {
  readonly registry: Registry;
  readonly problems: Problems;
  /** As Salt 3006: an unknown state or a missing argument fails its own step, while running. */
  readonly late: boolean;
  /** What was built before: a state that is written as it was is not built again. */
  readonly memory: BuildMemory;
}

/** Steps without mistakes, by the place of their declaration, which is made anew whenever its file is read anew. */
export type BuildMemory = WeakMap<Place, readonly Step[]>;

/** Every draft with its arguments through its state's schema. */
export function build(drafts: readonly Draft[], options: BuildOptions): readonly Step[] {
  const { memory, problems } = options;
  return drafts.map((draft) => {
    const { at } = draft.declaration;
    const known = memory.get(at) ?? [];
    const same = known.find((step) => isSame(step.draft, draft));
    if (same) return { ...same, draft };
    const before = problems.count;
    const step = buildStep(draft, options);
    // The last names win: an `extend` may change a declaration whose own file stays as it is.
    if (problems.count === before) memory.set(at, [step, ...known.filter(({ name }) => name !== step.name)]);
    return step;
  });
}

function isSame(one: Draft, other: Draft): boolean {
  const { id, name, state, entry, args } = other;
  if (one.id !== id || one.name !== name || one.state !== state || one.entry.source !== entry.source) return false;
  if (one.args.size !== args.size) return false;
  for (const [key, argument] of args) if (one.args.get(key) !== argument) return false;
  return true;
}

function buildStep(draft: Draft, options: BuildOptions): Step {
  const { entry, declaration, id, state: stateName } = draft;
  const { source } = entry;
  const state = options.registry.states.get(stateName);
  const fields = state ? fieldsOf(state.args) : undefined;
  const takes = (key: string) => fields?.known.has(key) ?? false;
  const owner = { id, module: declaration.module, ref: source.ref, dialect: source.dialect };
  const references = (key: string): readonly Reference[] => {
    const argument = draft.args.get(key);
    return argument ? readReferences(argument, owner) : [];
  };
  const written = requisiteKinds.filter((kind) => draft.args.has(kind));
  const name = nameOf(draft, state);
  return {
    key: [declaration.module, id, draft.name, stateName].join('_|-'),
    id,
    name,
    state: stateName,
    module: declaration.module,
    ref: source.ref,
    env: source.env,
    dialect: source.dialect,
    at: declaration.at,
    requisites: new Map(written.map((kind): [RequisiteKind, readonly Reference[]] => [kind, references(kind)])),
    listen: references('listen'),
    listenIn: references('listen_in'),
    options: readOptions(draft, {
      problems: options.problems,
      takes,
      registry: options.registry,
      late: options.late,
    }),
    work: workOf(draft, state, options),
    draft,
  };
}

function workOf(draft: Draft, state: State | undefined, { registry, problems, late }: BuildOptions): Work {
  if (state === undefined) {
    const error = unknownState(draft, registry);
    if (!late) problems.addError(error);
    return { kind: 'broken', error };
  }
  const raw = rawArguments(draft, state, problems);
  if ([...raw.values.values()].some(({ value }) => hasSlot(value))) {
    if (!late) for (const { value } of draft.args.values()) verifySlots(value, registry, problems);
    return { kind: 'late', state, raw };
  }
  try {
    return { kind: 'ready', state, raw, built: state.build(raw) };
  } catch (thrown) {
    const error = asError(thrown);
    for (const each of error instanceof ArgumentErrors ? error.errors : [error]) {
      if (!(late && isError(each, 'ARGUMENT_MISSING'))) problems.addError(withPlace(each, draft.declaration.at));
    }
    return { kind: 'broken', error };
  }
}

function unknownState({ entry, declaration, state }: Draft, { states }: Registry): ZesterError {
  const [module] = state.split('.');
  const siblings = [...states.keys()].filter((each) => each.startsWith(`${module}.`));
  return new ZesterError('source', 'STATE_UNKNOWN', `State '${state}' was not found in SLS '${entry.source.ref}'`, {
    at: declaration.functions[0]?.at ?? declaration.at,
    hint:
      didYouMean(state, states.keys()) ??
      (siblings.length > 0 ? `The states of "${module}" are ${siblings.join(', ')}` : hintForModule(module)),
  });
}

function hintForModule(module = ''): string {
  return ['include', 'extend', 'exclude'].includes(module)
    ? `Write "${module}" at the top level, without indentation`
    : `There are no states of "${module}": list all with "sys.list_state_functions"`;
}

/** The arguments a module gets: the engine's own words are kept back unless its schema has them too. */
function rawArguments(draft: Draft, state: State, problems: Problems): RawArguments {
  const { known, open } = fieldsOf(state.args);
  const values = new Map<string, RawArgument>();
  for (const [key, { at, value, borrowed }] of draft.args) {
    const isOwn = known.has(key);
    if (engineKeywords.has(key) && !isOwn) continue;
    if (!isOwn && !open && borrowed) continue;
    if (!isOwn && !open && key !== 'name') {
      const hint = didYouMean(key, key.length > 3 ? [...known, ...engineKeywords] : known);
      // What Salt passes over is no reason to refuse its tree, unless it looks like a slip of the pen.
      if (hint === undefined && draft.entry.source.dialect === 'sls' && state.passesOver(key)) continue;
      problems.add('ARGUMENT_UNKNOWN', `'${key}' is an invalid keyword argument for '${draft.state}'`, {
        at,
        hint: hint ?? `Its arguments are ${Object.keys(state.args.shape).join(', ')}`,
      });
      // What is misspelled was meant all the same: it is not missing, and may be wrong besides.
      const meant = nearest(key, known);
      if (meant !== undefined && !draft.args.has(meant)) values.set(meant, rawArgument(value));
      continue;
    }
    values.set(key, rawArgument(value));
  }
  if (draft.declaration.args.has('names')) dropOtherNames(values, state);
  return { id: draft.name, at: draft.declaration.at, dialect: draft.entry.source.dialect, values };
}

function rawArgument(value: Node): RawArgument {
  return { value: plainOf(value), at: value.at, inside: (path) => placeInside(value, path) };
}

/** A name of `names` is the primary argument, whatever else was written for it. */
function dropOtherNames(values: Map<string, RawArgument>, state: State) {
  const primary = primaryArgument(state.args);
  if (primary === undefined) return;
  for (const key of namesOf(state.args, primary)) if (key !== 'name') values.delete(key);
}

/** What a requisite may call it by: its `name`, and in a `.zy` file whatever its primary argument is called. */
function nameOf(draft: Draft, state: State | undefined): string {
  const primary = state && primaryArgument(state.args);
  if (draft.entry.source.dialect === 'sls' || state === undefined || primary === undefined || draft.args.has('name'))
    return draft.name;
  const written = namesOf(state.args, primary).map((key): Argument | undefined => draft.args.get(key));
  return written.map((argument) => argument && textOf(argument.value)).find((text) => text) ?? draft.name;
}

interface Fields {
  /** Every argument, by each of its names. */
  readonly known: ReadonlySet<string>;
  /** True when it takes any argument. */
  readonly open: boolean;
}

const fieldsBySchema = new WeakMap<Arguments, Fields>();

function fieldsOf(schema: Arguments): Fields {
  const cached = fieldsBySchema.get(schema);
  if (cached) return cached;
  const { catchall } = schema.def;
  const fields = {
    known: new Set(Object.keys(schema.shape).flatMap((key) => namesOf(schema, key))),
    open: catchall !== undefined && catchall._zod.def.type !== 'never',
  };
  fieldsBySchema.set(schema, fields);
  return fields;
}

function namesOf(schema: Arguments, key: string): readonly string[] {
  const field = schema.shape[key];
  return [key, ...((field && argumentMeta(field).aliases) ?? [])];
}
