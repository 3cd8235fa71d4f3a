import * as z from 'zod';
import { didYouMean, type Place, ZesterError } from '#base/errors.ts';
import { coerce, plain, wordFor } from './coerce.ts';

/** One schema per state or function: the only place where its arguments are described. */
export type Arguments = z.ZodObject;

/** An argument as it was written, with its place when a file holds it. */
export interface RawArgument {
  readonly value: unknown;
  readonly at?: Place | undefined;
}

export interface RawArguments {
  /** Falls back for the primary argument: the state's id, or a bare positional. */
  readonly id?: string | undefined;
  readonly at?: Place | undefined;
  readonly values: ReadonlyMap<string, RawArgument>;
}

/** What a schema says of an argument beyond its type. */
export interface ArgumentMeta {
  /** Takes the state's id, or a bare positional, when it is left out. */
  readonly primary?: boolean;
  /** Other names it may be written under. */
  readonly aliases?: readonly string[];
  /** Never shown: not in diffs, returns, logs. */
  readonly secret?: boolean;
  /** A list that takes all positional arguments: `file.join('/etc', 'app')`. */
  readonly rest?: boolean;
  /** What a person calls its type, where the schema's own words would be too many. */
  readonly word?: string;
}

/** What is said of an argument anywhere in its schema: `.meta()` inside `.optional()` counts, the outermost word wins. */
export function argumentMeta(schema: z.core.$ZodType): ArgumentMeta & { readonly description?: string } {
  const inner = wrapped(schema);
  return { ...(inner && argumentMeta(inner)), ...(z.globalRegistry.get(schema) as ArgumentMeta | undefined) };
}

/** The argument that takes the state's id, if the schema has one. */
export function primaryArgument(schema: Arguments): string | undefined {
  return Object.keys(schema.shape).find((key) => isPrimary(schema, key));
}

/** Names of arguments that are never shown. */
export function secretArguments(schema: Arguments): readonly string[] {
  return Object.keys(schema.shape).filter((key) => argumentMeta(fieldOf(schema, key)).secret);
}

/**
 * Arguments written without places: positionals fill the schema in its order, the primary one first; one that is
 * marked `rest` takes them all. Throws `ARGUMENT_SURPLUS`.
 */
export function rawArguments(
  schema: Arguments,
  named: Readonly<Record<string, unknown>>,
  positional: readonly unknown[] = [],
): RawArguments {
  const keys = Object.keys(schema.shape);
  const inOrder = keys.toSorted((a, b) => Number(isPrimary(schema, b)) - Number(isPrimary(schema, a)));
  const rest = inOrder.find((key) => argumentMeta(fieldOf(schema, key)).rest);
  if (rest !== undefined && positional.length > 1) return rawArguments(schema, { [rest]: positional, ...named });
  if (positional.length > inOrder.length && schema.def.catchall === undefined) {
    const surplus = text(positional[inOrder.length]);
    throw new ZesterError('usage', 'ARGUMENT_SURPLUS', `Cannot use ${surplus}: no argument is left for it`, {
      hint: inOrder.length === 0 ? 'It takes no arguments' : `Its arguments are ${inOrder.join(', ')}`,
    });
  }
  const values = new Map<string, RawArgument>();
  for (const [index, value] of positional.entries()) values.set(inOrder[index] ?? `arg${index}`, { value });
  for (const [key, value] of Object.entries(named)) values.set(key, { value });
  return { values };
}

/**
 * Arguments through their schema, coerced alike whether a file, a command line or the wire holds them. All that is
 * wrong is in one error: the code and place are those of the first problem.
 * Throws `ARGUMENT_UNKNOWN`, `ARGUMENT_MISSING`, `ARGUMENT_INVALID`.
 */
export function decodeArguments<A extends Arguments>(name: string, schema: A, raw: RawArguments): z.output<A> {
  const written = gather(schema, raw);
  const parsed = z.safeParse(schema, Object.fromEntries([...written.found].map(([key, { value }]) => [key, value])));
  if (parsed.success && written.problems.length === 0) return parsed.data;
  throw refusal(name, raw, [
    ...written.problems,
    ...(parsed.error?.issues ?? []).map((issue) => problem(schema, written, issue)),
  ]);
}

interface Problem {
  readonly code: 'ARGUMENT_UNKNOWN' | 'ARGUMENT_MISSING' | 'ARGUMENT_INVALID';
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at?: Place | undefined;
}

interface Written {
  /** Canonical name → the value that counts, coerced, and how it was written. */
  readonly found: ReadonlyMap<string, RawArgument & { readonly key: string }>;
  readonly problems: readonly Problem[];
}

function gather(schema: Arguments, raw: RawArguments): Written {
  const found = new Map<string, RawArgument & { readonly key: string }>();
  const taken = new Set<string>();
  for (const key of Object.keys(schema.shape)) {
    const field = fieldOf(schema, key);
    const { aliases = [], primary } = argumentMeta(field);
    const names = [key, ...aliases].filter((each) => raw.values.has(each));
    for (const each of names) taken.add(each);
    // The canonical name first, then its aliases; one that says nothing leaves the word to the next.
    const said = names.find((each) => !isBlank(raw.values.get(each)?.value)) ?? names[0];
    const argument = said === undefined ? undefined : raw.values.get(said);
    if (primary && raw.id !== undefined && isBlank(argument?.value)) {
      found.set(key, { key, value: coerce(field, raw.id), at: raw.at });
    } else if (said !== undefined && argument?.value !== undefined && (argument.value !== null || takesNull(field))) {
      found.set(key, { key: said, value: coerce(field, plain(argument.value)), at: argument.at });
    }
  }
  const open = schema.def.catchall !== undefined && schema.def.catchall._zod.def.type !== 'never';
  const problems: Problem[] = [];
  for (const [key, { value, at }] of raw.values) {
    // Salt passes `name` to every state; one without such an argument may be given it and ignores it.
    if (taken.has(key) || (key === 'name' && !open)) continue;
    if (open) found.set(key, { key, value: plain(value), at });
    else problems.push(unknown(schema, key, at));
  }
  return { found, problems };
}

function unknown(schema: Arguments, key: string, at: Place | undefined): Problem {
  const keys = Object.keys(schema.shape);
  const all = keys.flatMap((each) => [each, ...(argumentMeta(fieldOf(schema, each)).aliases ?? [])]);
  const list = keys.length === 0 ? 'It takes no arguments' : `Its arguments are ${keys.join(', ')}`;
  return { code: 'ARGUMENT_UNKNOWN', message: `it has no argument "${key}"`, at, hint: didYouMean(key, all) ?? list };
}

function problem(schema: Arguments, { found }: Written, issue: z.core.$ZodIssue): Problem {
  const [key, ...inside] = issue.path.map(String);
  if (key === undefined) return { code: 'ARGUMENT_INVALID', message: issue.message };
  const field = schema.shape[key] as z.ZodType | undefined;
  const { secret = false, description } = field === undefined ? {} : argumentMeta(field);
  const argument = found.get(key);
  if (argument === undefined && issue.code === 'invalid_type') {
    return {
      code: 'ARGUMENT_MISSING',
      message: `the argument "${key}" is missing`,
      hint: `Add "${key}": ${description ?? 'it is required'}`,
    };
  }
  const place = [argument?.key ?? key, ...inside].join('.');
  return {
    code: 'ARGUMENT_INVALID',
    message: `"${place}" ${reason(issue, valueAt(argument?.value, inside), secret)}`,
    at: argument?.at,
  };
}

function reason(issue: z.core.$ZodIssue, value: unknown, secret: boolean): string {
  const given = secret ? '' : `, not ${text(value)}`;
  if (issue.code === 'invalid_type') return `must be ${wordFor(issue.expected)}${given}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}${given}`;
  if (issue.code === 'invalid_union') return `has the wrong shape${given}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${given}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${given}`;
  return issue.code === 'custom' ? `${issue.message}${given}` : `is refused: ${issue.message}`;
}

function refusal(name: string, raw: RawArguments, problems: readonly Problem[]): ZesterError {
  const hints = [...new Set(problems.map(({ hint }) => hint).filter((hint) => hint !== undefined))];
  const first = problems[0];
  return new ZesterError(
    'source',
    first?.code ?? 'ARGUMENT_INVALID',
    `Cannot build "${name}": ${problems.map(({ message }) => message).join('; ')}`,
    { at: first?.at ?? raw.at, hint: hints.length === 0 ? undefined : hints.join('; ') },
  );
}

function fieldOf(schema: Arguments, key: string): z.core.$ZodType {
  return schema.shape[key] as z.core.$ZodType;
}

function isPrimary(schema: Arguments, key: string): boolean {
  return argumentMeta(fieldOf(schema, key)).primary ?? false;
}

function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  return 'innerType' in schema._zod.def ? (schema._zod.def.innerType as z.core.$ZodType) : undefined;
}

function takesNull(field: z.core.$ZodType): boolean {
  return z.safeParse(field, null).success;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((each, key) => (each as Record<string, unknown> | undefined)?.[key], value);
}

function text(value: unknown): string {
  const whole = JSON.stringify(value) ?? 'nothing';
  return whole.length > 80 ? `${whole.slice(0, 77)}…` : whole;
}
