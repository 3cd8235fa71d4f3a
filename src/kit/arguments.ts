import * as z from 'zod';
import { type Place, ZesterError } from '#base/errors.ts';
import {
  type ArgumentProblem,
  argumentErrors,
  type FoundArguments,
  nearestArgument,
  refusedArgument,
  shortText,
  unknownArgument,
} from './argument-errors.ts';
import { type Arguments, argumentMeta, fieldOf, isPrimary } from './argument-schema.ts';
import { coerce, type Face, plain } from './coerce.ts';

export { ArgumentErrors, ruled } from './argument-errors.ts';
export {
  type ArgumentMeta,
  type Arguments,
  argumentMeta,
  argumentNames,
  namesOf,
  primaryArgument,
  type References,
  referencesOf,
  secretArguments,
} from './argument-schema.ts';

/** An argument as it was written, with its place when a file holds it. */
export interface RawArgument {
  readonly value: unknown;
  readonly at?: Place | undefined;
  /** The place of a part of the value, by its keys and positions. */
  readonly inside?: ((path: readonly string[]) => Place) | undefined;
}

export interface RawArguments {
  /** Falls back for the primary argument: the state's id, or a bare positional. */
  readonly id?: string | undefined;
  readonly at?: Place | undefined;
  /** Whose defaults count, and how true and false are written where a text is wanted; `zy` when left out. */
  readonly dialect?: 'zy' | 'sls' | undefined;
  readonly values: ReadonlyMap<string, RawArgument>;
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
    const surplus = shortText(positional[inOrder.length]);
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
 * Arguments through their schema, coerced alike whether a file, a command line or the wire holds them. Throws
 * `ArgumentErrors` of `ARGUMENT_UNKNOWN`, `ARGUMENT_MISSING` and `ARGUMENT_INVALID`.
 */
export function decodeArguments<A extends Arguments>(name: string, schema: A, raw: RawArguments): z.output<A> {
  const written = gather(schema, raw);
  const parsed = z.safeParse(schema, Object.fromEntries([...written.found].map(([key, { value }]) => [key, value])));
  if (parsed.success && written.problems.length === 0) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  throw argumentErrors(name, raw.at, [
    ...written.problems,
    ...issues.map((issue) => refusedArgument(schema, written.found, issue)),
  ]);
}

interface Written {
  readonly found: FoundArguments;
  readonly problems: readonly ArgumentProblem[];
}

function gather(schema: Arguments, raw: RawArguments): Written {
  const found = new Map<string, RawArgument & { readonly key: string }>();
  const taken = new Set<string>();
  for (const key of Object.keys(schema.shape)) {
    const field = fieldOf(schema, key);
    const { aliases = [], primary, inSalt } = argumentMeta(field);
    const names = [key, ...aliases].filter((each) => raw.values.has(each));
    for (const each of names) taken.add(each);
    // The canonical name first, then its aliases; one that says nothing leaves the word to the next.
    const said = names.find((each) => !isBlank(raw.values.get(each)?.value)) ?? names[0];
    const argument = said === undefined ? undefined : raw.values.get(said);
    if (primary && raw.id !== undefined && isBlank(argument?.value)) {
      found.set(key, { key, value: coerce(field, raw.id, faceOf(raw)), at: raw.at });
    } else if (said !== undefined && argument?.value !== undefined && (argument.value !== null || takesNull(field))) {
      found.set(key, {
        key: said,
        value: coerce(field, plain(argument.value), faceOf(raw)),
        at: argument.at,
        inside: argument.inside,
      });
    } else if (raw.dialect === 'sls' && inSalt !== undefined) found.set(key, { key, value: inSalt });
  }
  const open = schema.def.catchall !== undefined && schema.def.catchall._zod.def.type !== 'never';
  const problems: ArgumentProblem[] = [];
  for (const [key, { value, at }] of raw.values) {
    // Salt passes `name` to every state; one without such an argument may be given it and ignores it.
    if (taken.has(key) || (key === 'name' && !open)) continue;
    if (open) {
      found.set(key, { key, value: plain(value), at });
      continue;
    }
    problems.push(unknownArgument(schema, key, at));
    // What is misspelled was meant all the same: it is not missing, and may be wrong besides.
    const meant = nearestArgument(schema, key);
    if (meant !== undefined && !found.has(meant))
      found.set(meant, { key, value: coerce(fieldOf(schema, meant), plain(value), faceOf(raw)), at });
  }
  return { found, problems };
}

function takesNull(field: z.core.$ZodType): boolean {
  return z.safeParse(field, null).success;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function faceOf({ dialect }: RawArguments): Face {
  return dialect === 'sls' ? 'python' : 'yaml';
}
