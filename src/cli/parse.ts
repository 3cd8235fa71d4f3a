import { didYouMean, nearest, ZesterError } from '#base/errors.ts';
import { functionNotFound } from '#wire/reference.ts';
import { shellWord } from './command-line.ts';
import {
  type ArgumentRecord,
  argumentFor,
  argumentsOf,
  callable,
  emptyReference,
  type ModuleRecord,
  type Reference,
  recordsOf,
} from './reference.ts';
import { readValue, type ValueSources } from './values.ts';

/** What a person asked for, before it has an id and a signature. */
export interface JobDraft {
  readonly target: string;
  readonly function: string;
  readonly id?: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly test: boolean;
  readonly timeoutMs: number;
}

export interface JobWords extends ValueSources {
  /** Target, function, then values and assignments. */
  readonly words: readonly string[];
  /** What followed `--`. */
  readonly rest?: readonly string[] | undefined;
  readonly test: boolean;
  readonly timeoutMs: number | undefined;
  readonly reference?: Reference;
}

const usage = "zester '<target>' <module.function> [value] [key=value …] [flags]";
const minute = 60_000;

/**
 * Reads `'<target>' module.function [value] [key=value …]`.
 * Throws `JOB_INCOMPLETE`, `FUNCTION_MALFORMED`, `ARGUMENT_STRAY`, `PARAMETER_UNKNOWN`, `PARAMETER_MISSING` and what values throw.
 */
export function parseJob(given: JobWords): JobDraft {
  const { words, rest = [], reference = emptyReference } = given;
  const [target, name, ...tokens] = words;
  if (target === undefined || name === undefined) throw incomplete(target, reference);
  requireFunction(words, reference);
  const called = calledBy({ name, target, tokens }, reference);
  const split = splitTokens(called, tokens, rest);
  const { test, args } = readArguments(called, split, given);
  requireArguments(called, split.id, args);
  return {
    target,
    function: name,
    ...(split.id === undefined ? {} : { id: split.id }),
    args,
    test: given.test || test,
    timeoutMs: given.timeoutMs ?? defaultTimeoutMs(name, split.id, args),
  };
}

/** What is to be run, and what it takes; `known` is missing for a module that somebody wrote. */
interface Called {
  readonly name: string;
  readonly target: string;
  readonly module: ModuleRecord | undefined;
  readonly known: readonly ArgumentRecord[] | undefined;
  readonly reference: Reference;
}

/** Throws `FUNCTION_NOT_FOUND`. */
function calledBy(
  { name, target, tokens }: { readonly name: string; readonly target: string; readonly tokens: readonly string[] },
  reference: Reference,
): Called {
  const module = callable(reference, name);
  if (module === undefined) requireKnown(name, reference);
  const known = module && argumentsOf(module, reference);
  // What it applies is a state like any other: its arguments are read as that state's.
  const single = name === 'state.single' ? stateNamed(tokens, reference) : undefined;
  if (module === undefined || known === undefined || single === undefined)
    return { name, target, module, known, reference };
  const others = known.filter((each) => each.primary || argumentFor(single.args, each.name) === undefined);
  const besides = argumentsOf(single, reference).map(({ primary: _, ...each }): ArgumentRecord => each);
  const { open: _, ...closed } = module;
  return { name, target, module: single.open ? module : closed, known: [...others, ...besides], reference };
}

/** The state that `state.single` names, by its place or as `fun=`. */
function stateNamed(tokens: readonly string[], { modules }: Reference): ModuleRecord | undefined {
  const name = (tokens.find((each) => each.startsWith('fun=')) ?? tokens[0])?.replace(/^fun=/, '');
  return modules.find((each) => each.kind === 'state' && each.name === name);
}

/** A run over a whole tree takes longer than one function. */
export function defaultTimeoutMs(
  name: string,
  id: string | undefined,
  args: Readonly<Record<string, unknown>>,
): number {
  if (!name.startsWith('state.')) return minute;
  const names = id !== undefined || ['state', 'states', 'mods'].some((key) => key in args);
  return names ? 5 * minute : 10 * minute;
}

function incomplete(target: string | undefined, reference: Reference): ZesterError {
  const hint =
    target === undefined
      ? `Write ${usage}, or run "zester help" for the commands`
      : (withTarget([target], reference) ??
        `Say what to run: zester ${shellWord(target)} test.ping; whom it means: zester target ${shellWord(target)}`);
  const message = 'requires at least 2 arguments: <target> <module.function> [args...]';
  return new ZesterError('usage', 'JOB_INCOMPLETE', message, { hint });
}

/** How to write a job whose words begin with what is to be run; undefined when they do not. */
export function withTarget(words: readonly string[], reference: Reference): string | undefined {
  const [called = '', ...values] = words;
  const records = recordsOf(reference, called);
  if (records.length === 0) return undefined;
  const takesValue = records.some(({ args }) => args.some(({ primary, rest }) => primary || rest));
  const isSwapped = values.length > 0 && !takesValue;
  const [target, ...others] = isSwapped ? values : ["'<target>'", ...values.map(shellWord)];
  const written = isSwapped ? shellWord(target as string) : target;
  const rest = called.startsWith('cmd.') && values.length > 1 ? ['--', ...others] : others;
  return `The target comes first: zester ${[written, called, ...rest].join(' ')}`;
}

function requireFunction(words: readonly string[], reference: Reference): void {
  const [, name = ''] = words;
  if (/^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)+$/.test(name)) return;
  throw new ZesterError(
    'usage',
    'FUNCTION_MALFORMED',
    `Cannot run "${name}": a function is written <module>.<function>`,
    {
      hint:
        withTarget(words, reference) ??
        didYouMean(
          name,
          reference.modules.map((each) => each.name),
        ) ??
        `Write ${usage}`,
    },
  );
}

/** Somebody's own modules are not in the reference; but a name beside those that are is a slip, and no peel is asked. */
function requireKnown(name: string, { modules }: Reference): void {
  const family = `${name.split('.')[0]}.`;
  const names = modules.map((each) => each.name);
  if (nearest(name, names) === undefined && !names.some((each) => each.startsWith(family))) return;
  throw functionNotFound(name, names);
}

interface SplitTokens {
  /** The value of the primary argument: a state's id. */
  readonly id: string | undefined;
  readonly assignments: readonly (readonly [key: string, value: string])[];
  /** All bare words, of a function that takes any number of them. */
  readonly many?: readonly [key: string, values: readonly string[]];
}

/**
 * The first word is the value of the primary argument, unless it assigns to an argument there is. Further bare words are what a
 * function needs besides, in its order, or all the values of one that takes many.
 */
function splitTokens(called: Called, tokens: readonly string[], rest: readonly string[]): SplitTokens {
  const bare: string[] = [];
  const assignments: [string, string][] = [];
  for (const token of tokens) {
    const [, key, value = ''] = token.match(/^([A-Za-z_][\w.-]*)=(.*)$/s) ?? [];
    const isFirst = bare.length === 0 && assignments.length === 0;
    if (key !== undefined && (!isFirst || isDeclared(called, key))) assignments.push([key, value]);
    else if (assignments.length > 0) throw stray(called, token, true);
    else bare.push(token);
  }
  // What follows "--" is one command line as the shell split it: put it together again.
  if (rest.length > 0) bare.push(rest.length === 1 ? (rest[0] as string) : rest.map(shellWord).join(' '));
  return { ...placeBare(called, bare), assignments: [...placedBare(called, bare), ...assignments] };
}

function placeBare({ module }: Called, bare: readonly string[]): Pick<SplitTokens, 'id' | 'many'> {
  const takesAll = module?.args.find(({ rest }) => rest);
  if (takesAll && bare.length > 1) return { id: undefined, many: [takesAll.name, bare] };
  return { id: bare[0] };
}

/** The second bare word and those after it, by the arguments that they are values of. */
function placedBare(called: Called, bare: readonly string[]): [key: string, value: string][] {
  const { module } = called;
  if (bare.length < 2 || module?.args.some(({ rest }) => rest)) return [];
  const needed = module?.kind === 'function' ? module.args.filter(({ required, primary }) => required && !primary) : [];
  return bare.slice(1).map((word, index) => {
    const argument = needed[index];
    if (argument === undefined) throw stray(called, word, false);
    return [argument.name, word];
  });
}

/** Nothing is known of a module somebody wrote: there an assignment is an assignment. */
function isDeclared({ module, known }: Called, key: string): boolean {
  return known === undefined || module?.open === true || key === 'test' || argumentFor(known, key) !== undefined;
}

function readArguments(
  called: Called,
  { assignments, many }: SplitTokens,
  sources: ValueSources,
): { readonly args: Record<string, unknown>; readonly test: boolean } {
  const { name, known = [] } = called;
  const args: Record<string, unknown> = many === undefined ? {} : { [many[0]]: many[1] };
  let test = false;
  for (const [key, written] of assignments) {
    const argument = argumentFor(known, key);
    // Of what applies states it is the flag; others may have an argument of that name.
    if (key === 'test' && (argument === undefined || name.startsWith('state.'))) {
      test = readValue({ name: 'test', decode: 'bool' }, written, sources) === true;
      continue;
    }
    if (!isDeclared(called, key)) throw unknownArgument(called, key);
    if (Object.hasOwn(args, key)) throw givenTwice(called, key);
    args[key] = readValue(argument ?? { name: key, decode: 'any' }, written, sources);
  }
  return { args, test };
}

/** What is missing for certain is said here, before any peel is asked. */
function requireArguments(
  { name, module, known = [] }: Called,
  id: string | undefined,
  args: Readonly<Record<string, unknown>>,
): void {
  if (module === undefined || module.open) return;
  const isGiven = ({ name: own, aliases = [] }: ArgumentRecord) => [own, ...aliases].some((key) => key in args);
  // Salt's `name` is the primary argument of whatever has one.
  const hasPrimary = id !== undefined || 'name' in args;
  const isSpared = known.some((each) => each.instead && isGiven(each));
  const missing = known.find((each) => {
    if (each.primary && (hasPrimary || isSpared)) return false;
    const isNeeded = each.required || (each.primary === true && module.kind === 'state');
    return isNeeded && !isGiven(each);
  });
  if (missing === undefined) return;
  throw new ZesterError('usage', 'PARAMETER_MISSING', `${name} requires a ${missing.name} argument`, {
    hint: `${missing.primary ? 'Give it after the function' : `Add ${missing.name}=…`}: ${missing.description}`,
  });
}

function stray(called: Called, token: string, afterAssignment: boolean): ZesterError {
  const { name, target, known = [] } = called;
  const reason = afterAssignment
    ? `unexpected positional "${token}" after key=value arguments`
    : `unexpected positional "${token}": ${known.length === 0 ? 'it takes no values' : 'one value was given already'}`;
  const takesFiles = argumentFor(known, 'state') !== undefined;
  const hint = takesFiles
    ? `use state=${token}, or put the state name first`
    : name.startsWith('cmd.')
      ? `Put the command after "--": zester ${shellWord(target)} ${name} -- ${token} …`
      : 'Write key=value, or quote the whole value; after "--" everything belongs to the value';
  return new ZesterError('usage', 'ARGUMENT_STRAY', `${name}: ${reason}`, { hint });
}

function givenTwice({ name }: Called, key: string): ZesterError {
  return new ZesterError('usage', 'PARAMETER_TWICE', `Cannot run "${name}": "${key}" is given twice`, {
    hint: `Give it once; several values are one list: '${key}=[a, b]'`,
  });
}

function unknownArgument({ name, target, known = [], module, reference }: Called, key: string): ZesterError {
  const own = module?.args.flatMap((each) => [each.name, ...(each.aliases ?? [])]) ?? [];
  const all = [...own, ...known.map((each) => each.name)];
  const state =
    module?.kind === 'function' ? recordsOf(reference, name).find(({ kind }) => kind === 'state') : undefined;
  const isOfState = state !== undefined && argumentFor(argumentsOf(state, reference), key) !== undefined;
  const near = didYouMean(key, all);
  const list = own.length === 0 ? 'It takes none' : `It takes ${[...new Set(own)].join(', ')}`;
  return new ZesterError('usage', 'PARAMETER_UNKNOWN', `Cannot run "${name}": unknown parameter "${key}"`, {
    hint: isOfState
      ? `The state ${name} takes it, and this is the function; apply the state with: zester ${shellWord(target)} state.single ${name} name=… ${key}=…`
      : (near ?? list),
  });
}
