import type * as z from 'zod';
import { didYouMean, nearest, type Place, ZesterError } from '#base/errors.ts';
import { type Arguments, argumentMeta, fieldOf } from './argument-schema.ts';
import { wordFor } from './coerce.ts';

/** All that is wrong with some arguments, as one: the code and place are those of the first. */
export class ArgumentErrors extends ZesterError {
  readonly errors: readonly ZesterError[];

  constructor(name: string, errors: readonly ZesterError[]) {
    const [first] = errors;
    const hints = new Set(errors.map(({ hint }) => hint).filter((hint) => hint !== undefined));
    const reasons = errors.map(({ message }) => message.replace(refused(name), ''));
    super('source', first?.code ?? 'ARGUMENT_INVALID', `${refused(name)}${reasons.join('; ')}`, {
      at: first?.at,
      hint: hints.size === 0 ? undefined : [...hints].join('; '),
    });
    this.errors = errors;
  }
}

/** `place` is for what has no place of its own. */
export function argumentErrors(
  name: string,
  place: Place | undefined,
  problems: readonly ArgumentProblem[],
): ArgumentErrors {
  const errors = problems.map(
    ({ code, message, hint, at = place }) =>
      new ZesterError('source', code, `${refused(name)}${message}`, { at, hint }),
  );
  return new ArgumentErrors(name, errors);
}

/** Canonical name → the value that counts, coerced, and how it was written. */
export type FoundArguments = ReadonlyMap<string, FoundArgument>;

interface FoundArgument {
  readonly key: string;
  readonly value: unknown;
  readonly at?: Place | undefined;
  readonly inside?: ((path: readonly string[]) => Place) | undefined;
}

/** One thing that is wrong with some arguments. */
export interface ArgumentProblem {
  readonly code: 'ARGUMENT_UNKNOWN' | 'ARGUMENT_MISSING' | 'ARGUMENT_INVALID';
  readonly message: string;
  readonly hint?: string | undefined;
  readonly at?: Place | undefined;
}

export function unknownArgument(schema: Arguments, key: string, at: Place | undefined): ArgumentProblem {
  const keys = Object.keys(schema.shape);
  const list = keys.length === 0 ? 'It takes no arguments' : `Its arguments are ${keys.join(', ')}`;
  const hint = didYouMean(key, argumentsByName(schema).keys()) ?? list;
  return { code: 'ARGUMENT_UNKNOWN', message: `it has no argument "${key}"`, at, hint };
}

/** The argument that a name most likely means. */
export function nearestArgument(schema: Arguments, name: string): string | undefined {
  const names = argumentsByName(schema);
  return names.get(nearest(name, names.keys()) ?? '');
}

/** Every name of every argument, with the one it goes by. */
function argumentsByName(schema: Arguments): ReadonlyMap<string, string> {
  return new Map(
    Object.keys(schema.shape).flatMap((key) =>
      [key, ...(argumentMeta(fieldOf(schema, key)).aliases ?? [])].map((name) => [name, key] as const),
    ),
  );
}

/** What a schema has against the arguments; a rule about several of them says itself where to look (`ruled`). */
export function refusedArgument(schema: Arguments, found: FoundArguments, issue: z.core.$ZodIssue): ArgumentProblem {
  const [key, ...inside] = issue.path.map(String);
  if (key === undefined) return brokenRule(found, issue);
  const field = schema.shape[key] as z.ZodType | undefined;
  const { secret = false, description } = field === undefined ? {} : argumentMeta(field);
  const argument = found.get(key);
  if (argument === undefined && issue.code !== 'custom') {
    return {
      code: 'ARGUMENT_MISSING',
      message: `the argument "${key}" is missing`,
      hint: `Add "${key}": ${description ?? 'it is required'}`,
    };
  }
  const place = [argument?.key ?? key, ...inside].join('.');
  const value = valueAt(argument?.value, inside);
  return {
    code: 'ARGUMENT_INVALID',
    message: `"${place}" ${reason(issue, value, secret)}`,
    hint:
      nearestValue(issue, value, secret) ?? `Change "${place}"${description === undefined ? '' : `: ${description}`}`,
    at: argument?.inside?.(inside) ?? argument?.at,
  };
}

/** How `.refine` of a whole schema says what is wrong: which argument to show, and what to do about it. */
export function ruled(error: string, params: { readonly at: string; readonly hint: string }) {
  return { error, params };
}

function brokenRule(found: FoundArguments, issue: z.core.$ZodIssue): ArgumentProblem {
  const { at, hint }: Partial<Parameters<typeof ruled>[1]> = (issue.code === 'custom' && issue.params) || {};
  return { code: 'ARGUMENT_INVALID', message: issue.message, at: found.get(at ?? '')?.at, hint };
}

function nearestValue(issue: z.core.$ZodIssue, value: unknown, secret: boolean): string | undefined {
  if (issue.code !== 'invalid_value' || typeof value !== 'string' || secret) return undefined;
  return didYouMean(value, issue.values.map(String));
}

function reason(issue: z.core.$ZodIssue, value: unknown, secret: boolean): string {
  const given = secret ? '' : `, not ${shortText(value)}`;
  if (issue.code === 'invalid_type') return `must be ${wordFor(issue.expected)}${given}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}${given}`;
  if (issue.code === 'invalid_union') return `${wanted(issue)}${given}`;
  if (issue.code === 'too_small')
    return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${given}`;
  if (issue.code === 'too_big') return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${given}`;
  return issue.code === 'custom' ? `${issue.message}${given}` : `is refused: ${issue.message}`;
}

/** What would do, when each of the choices is a type. */
function wanted({ errors }: z.core.$ZodIssueInvalidUnion): string {
  const words = errors.map(([first]) => {
    if (first?.path.length !== 0) return undefined;
    if (first.code === 'invalid_value') return first.values.map((value) => `"${String(value)}"`).join(' or ');
    return first.code === 'invalid_type' ? wordFor(first.expected) : undefined;
  });
  const known = [...new Set(words)].filter((word) => word !== undefined);
  return known.length > 0 && !words.includes(undefined) ? `must be ${known.join(' or ')}` : 'has the wrong shape';
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((each, key) => (each as Record<string, unknown> | undefined)?.[key], value);
}

function refused(name: string): string {
  return `Cannot use "${name}": `;
}

/** A value as messages show it. */
export function shortText(value: unknown): string {
  const whole = JSON.stringify(value) ?? 'nothing';
  return whole.length > 80 ? `${whole.slice(0, 77)}…` : whole;
}
