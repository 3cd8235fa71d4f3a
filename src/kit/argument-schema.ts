import * as z from 'zod';
import type { Decode } from '#wire/reference.ts';

/** One schema per state or function: the only place where its arguments are described. */
export type Arguments = z.ZodObject;

/** `place` is a path in which something is done; a `command` is words that may name anything. */
export type Referred = 'path' | 'place' | 'user' | 'group' | 'command';

/** What a schema says of an argument beyond its type. */
export interface ArgumentMeta {
  /** Takes the state's id, or a bare positional, when it is left out. */
  readonly primary?: boolean;
  /** Other names it may be written under. */
  readonly aliases?: readonly string[];
  /** Never shown: not in diffs, returns, logs. */
  readonly secret?: boolean;
  /** What it is in a `.sls` file that does not write it, where Salt's default is another than ours. */
  readonly inSalt?: unknown;
  /** A list that takes all positional arguments: `file.join('/etc', 'app')`. */
  readonly rest?: boolean;
  /** With it, the primary argument says nothing: `pkgs` beside `name`. */
  readonly instead?: boolean;
  /** How a command line reads it, where the schema leaves several ways. */
  readonly decode?: Decode;
  /** What on the machine it names: other states may make it, or change it. */
  readonly refers?: Referred;
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

/** Every argument, by each of its names. */
export function argumentNames(schema: Arguments): ReadonlySet<string> {
  return new Set(Object.keys(schema.shape).flatMap((key) => namesOf(schema, key)));
}

/** One argument's name, and its other ones. */
export function namesOf(schema: Arguments, key: string): readonly string[] {
  return [key, ...(argumentMeta(fieldOf(schema, key)).aliases ?? [])];
}

/** What decoded arguments name on the machine. */
export type References = Readonly<Record<Referred, readonly string[]>>;

export function referencesOf(schema: Arguments, values: Readonly<Record<string, unknown>>): References {
  const found: Record<Referred, string[]> = { path: [], place: [], user: [], group: [], command: [] };
  for (const [key, refers] of referring(schema)) {
    const value = values[key];
    if (value !== undefined && value !== null) found[refers].push(...[value].flat().map(String));
  }
  return found;
}

const known = new WeakMap<Arguments, readonly (readonly [string, Referred])[]>();

/** Thousands of states of a run have the same few schemas. */
function referring(schema: Arguments): readonly (readonly [string, Referred])[] {
  const own =
    known.get(schema) ??
    Object.keys(schema.shape).flatMap((key) => {
      const { refers } = argumentMeta(fieldOf(schema, key));
      return refers === undefined ? [] : [[key, refers] as const];
    });
  known.set(schema, own);
  return own;
}

export function fieldOf(schema: Arguments, key: string): z.core.$ZodType {
  return schema.shape[key] as z.core.$ZodType;
}

export function isPrimary(schema: Arguments, key: string): boolean {
  return argumentMeta(fieldOf(schema, key)).primary ?? false;
}

function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  return 'innerType' in schema._zod.def ? (schema._zod.def.innerType as z.core.$ZodType) : undefined;
}
