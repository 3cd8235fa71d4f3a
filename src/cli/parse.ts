import { didYouMean, ZesterError } from '#base/errors.ts';
import {
  type ArgumentRecord,
  argumentFor,
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
  if (target === undefined || name === undefined) {
    throw new ZesterError(
      'usage',
      'JOB_INCOMPLETE',
      'requires at least 2 arguments: <target> <module.function> [args...]',
      {
        hint: `Write ${usage}, or run "zester help" for the commands`,
      },
    );
  }
  requireFunction(name, target, reference);
  const records = recordsOf(reference, name);
  const { id, assignments } = splitTokens(name, records, tokens, rest);
  const { test, args } = readArguments(name, records, assignments, given);
  requirePrimary(name, records, id, args);
  return {
    target,
    function: name,
    ...(id === undefined ? {} : { id }),
    args,
    test: given.test || test,
    timeoutMs: given.timeoutMs ?? defaultTimeoutMs(name, id, args),
  };
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

const runsStates: ReadonlySet<string> = new Set(['state.apply', 'state.highstate']);

function requireFunction(name: string, target: string, reference: Reference): void {
  if (/^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)+$/.test(name)) return;
  const isSwapped = /^[a-z_]+\.[a-z_]+$/.test(target) && recordsOf(reference, target).length > 0;
  throw new ZesterError(
    'usage',
    'FUNCTION_MALFORMED',
    `Cannot run "${name}": a function is written <module>.<function>`,
    {
      hint: isSwapped
        ? `The target comes first: zester '${name}' ${target}`
        : (didYouMean(
            name,
            reference.modules.map((each) => each.name),
          ) ?? `Write ${usage}`),
    },
  );
}

interface SplitTokens {
  readonly id: string | undefined;
  readonly assignments: readonly (readonly [key: string, value: string])[];
}

/** The first word is the value of the primary argument, unless it assigns to an argument there is; no other may be bare. */
function splitTokens(
  name: string,
  records: readonly ModuleRecord[],
  tokens: readonly string[],
  rest: readonly string[],
): SplitTokens {
  let id: string | undefined;
  const assignments: [string, string][] = [];
  for (const [index, token] of tokens.entries()) {
    const [, key, value = ''] = token.match(/^([A-Za-z_][\w.-]*)=(.*)$/s) ?? [];
    if (key !== undefined && (index > 0 || isDeclared(records, key))) assignments.push([key, value]);
    else if (index === 0) id = token;
    else throw stray(name, token, assignments.length > 0);
  }
  if (rest.length === 0) return { id, assignments };
  if (id !== undefined) throw stray(name, rest.join(' '), false);
  // What follows "--" is one command line as the shell split it: put it together again.
  return { id: rest.length === 1 ? rest[0] : rest.map(shellWord).join(' '), assignments };
}

/** Nothing is known of a module somebody wrote: there an assignment is an assignment. */
function isDeclared(records: readonly ModuleRecord[], key: string): boolean {
  if (records.length === 0 || records.some(({ open }) => open) || key === 'test' || attributes.has(key)) return true;
  return argumentFor(records, key) !== undefined;
}

/** What every state takes besides its own arguments. */
const attributes: ReadonlySet<string> = new Set([
  'onlyif',
  'unless',
  'creates',
  'check_cmd',
  'retry',
  'order',
  'failhard',
  'names',
  'name',
  'runas',
  'umask',
  'parallel',
  'fire_event',
  'reload_modules',
  'timeout',
]);

function readArguments(
  name: string,
  records: readonly ModuleRecord[],
  assignments: SplitTokens['assignments'],
  sources: ValueSources,
): { readonly args: Record<string, unknown>; readonly test: boolean } {
  const args: Record<string, unknown> = {};
  let test = false;
  for (const [key, written] of assignments) {
    if (key === 'test' && !recordsHave(records, 'test')) {
      test = readValue(flag, written, sources) === true;
      continue;
    }
    const argument = argumentFor(records, key);
    if (argument === undefined && !isDeclared(records, key)) throw unknownArgument(name, key, records);
    args[key] = readValue(argument ?? { name: key, type: '' }, written, sources);
  }
  return { args, test };
}

const flag: Pick<ArgumentRecord, 'name' | 'type'> = { name: 'test', type: 'true or false' };

function recordsHave(records: readonly ModuleRecord[], key: string): boolean {
  return records.some(({ name, args }) => !runsStates.has(name) && args.some((each) => each.name === key));
}

function requirePrimary(
  name: string,
  records: readonly ModuleRecord[],
  id: string | undefined,
  args: Readonly<Record<string, unknown>>,
): void {
  if (id !== undefined || records.length === 0) return;
  const missing = records.map(({ args: declared }) =>
    declared.find(
      (each) => each.required && !('name' in args) && ![each.name, ...(each.aliases ?? [])].some((key) => key in args),
    ),
  );
  // A state and a function may share the name: one that can be called is enough.
  const first = missing[0];
  if (first === undefined || missing.some((each) => each === undefined)) return;
  throw new ZesterError('usage', 'PARAMETER_MISSING', `${name} requires a ${first.name} argument`, {
    hint: `${first.primary ? 'Give it after the function' : `Add ${first.name}=…`}: ${first.description}`,
  });
}

function stray(name: string, token: string, afterAssignment: boolean): ZesterError {
  const isApply = runsStates.has(name);
  const reason = afterAssignment
    ? `unexpected positional "${token}" after key=value arguments`
    : `unexpected positional "${token}": one value was given already`;
  const hint = isApply
    ? `use state=${token}, or put the state name first`
    : 'Write key=value, or quote the whole value; after "--" everything belongs to the value';
  return new ZesterError('usage', 'ARGUMENT_STRAY', `${name}: ${reason}`, { hint });
}

function unknownArgument(name: string, key: string, records: readonly ModuleRecord[]): ZesterError {
  const known = records.flatMap(({ args }) => args.flatMap((each) => [each.name, ...(each.aliases ?? [])]));
  return new ZesterError('usage', 'PARAMETER_UNKNOWN', `Cannot run "${name}": unknown parameter "${key}"`, {
    hint:
      didYouMean(key, known) ?? (known.length === 0 ? 'It takes none' : `It takes ${[...new Set(known)].join(', ')}`),
  });
}

/** A word as a shell would have to be given it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
