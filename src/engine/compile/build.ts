import { asError, didYouMean, isError, type Place, withPlace, ZesterError } from '#base/errors.ts';
import { ArgumentErrors, namesOf, primaryArgument, type RawArgument, type RawArguments } from '#kit/arguments.ts';
import type { Registry } from '#kit/function.ts';
import type { State } from '#kit/state.ts';
import type { Argument } from '../document.ts';
import { engineKeywords, type RequisiteKind, requisiteKinds } from '../keywords.ts';
import { type Node, placeInside, plainOf, textOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import { type Reference, readReferences } from '../references.ts';
import { hasSlot, verifySlots } from '../slots.ts';
import type { CompiledStep, Work } from '../step.ts';
import type { Environments } from '../tree.ts';
import type { Draft } from './names.ts';
import { readOptions } from './options.ts';
import { judgeUnknown } from './unknown-arguments.ts';

export interface BuildOptions {
  readonly registry: Registry;
  readonly problems: Problems;
  /** Where a template is looked at, when an argument may be a name for it. */
  readonly environments: Environments;
  /** As Salt 3006: an unknown state or a missing argument fails its own step, while running. */
  readonly late: boolean;
  /** What was built before: a state that is written as it was is not built again. */
  readonly memory: BuildMemory;
}

/** Steps without mistakes, by the place of their declaration, which is made anew whenever its file is read anew. */
export type BuildMemory = WeakMap<Place, readonly CompiledStep[]>;

/** Every draft with its arguments through its state's schema. */
export function build(drafts: readonly Draft[], options: BuildOptions): readonly CompiledStep[] {
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

function buildStep(draft: Draft, options: BuildOptions): CompiledStep {
  const { entry, declaration, id, state: stateName } = draft;
  const { source } = entry;
  const state = options.registry.states.get(stateName);
  const takes = (key: string) => state?.argumentNames.has(key) ?? false;
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

function workOf(draft: Draft, state: State | undefined, options: BuildOptions): Work {
  const { registry, problems, late } = options;
  if (state === undefined) {
    const error = unknownState(draft, registry);
    if (!late) problems.addError(error);
    return { kind: 'broken', error };
  }
  const raw = rawArguments(draft, state, options);
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
function rawArguments(draft: Draft, state: State, options: BuildOptions): RawArguments {
  const { argumentNames: known, takesAny } = state;
  const values = new Map<string, RawArgument>();
  const names = new Map<string, unknown>();
  for (const [key, { at, value, borrowed }] of draft.args) {
    const isOwn = known.has(key);
    if (engineKeywords.has(key) && !isOwn) continue;
    if (isOwn || takesAny || key === 'name') {
      values.set(key, rawArgument(value));
      continue;
    }
    if (borrowed) continue;
    const unknown = judgeUnknown(draft, state, key, at, options);
    if (unknown === 'name') names.set(key, plainOf(value));
    else if (unknown !== 'lent' && unknown.meant !== undefined && !draft.args.has(unknown.meant))
      values.set(unknown.meant, rawArgument(value));
  }
  if (names.size > 0) values.set('defaults', underneath(names, values.get('defaults')));
  if (draft.declaration.args.has('names')) dropOtherNames(values, state);
  return { id: draft.name, at: draft.declaration.at, dialect: draft.entry.source.dialect, values };
}

/** Names for a template that stand beside the arguments: "defaults" and "context" win over them, as in Salt. */
function underneath(names: ReadonlyMap<string, unknown>, defaults: RawArgument | undefined): RawArgument {
  const written = defaults?.value ?? {};
  const isMap = typeof written === 'object' && !Array.isArray(written);
  return isMap ? { ...defaults, value: { ...Object.fromEntries(names), ...written } } : (defaults as RawArgument);
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
