import * as z from 'zod';
import { Secret } from '#base/secret.ts';

const truthy = new Set(['true', 'yes', 'on', '1']);
const falsy = new Set(['false', 'no', 'off', '0']);

/**
 * A written value as the schema's type would have it, or as it was: what cannot be coerced is left for the schema to
 * refuse. The same for YAML, `k=v` strings and wire values: `"3"` is a number where one is wanted, `yes` a boolean,
 * one scalar a list of one, a list of single pairs a map.
 */
export function coerce(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return value === null ? value : coerce(def.innerType, value);
  switch (def.type) {
    case 'string':
    case 'enum':
    case 'literal':
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    case 'number':
      return typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
    case 'boolean':
      return asBoolean(value);
    case 'array':
      return asList(value, (each) => coerce(def.element, each));
    case 'record':
      return mapValues(asMap(value), (each) => coerce(def.valueType, each));
    case 'object':
      return mapValues(asMap(value), (each, key) =>
        key in def.shape ? coerce(def.shape[key] as z.ZodType, each) : each,
      );
    case 'union':
      return asOption(def.options, value);
    case 'pipe':
      return coerce(def.in, value);
    default:
      return value;
  }
}

/** Plain data for whatever a loader made: maps as objects, secrets revealed, big integers as numbers. */
export function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), plain(each)]));
  return isMap(value) ? mapValues(value, plain) : value;
}

/** What a person calls a type. */
export function wordFor(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    record: 'a map',
    object: 'a map',
  };
  return words[type] ?? type;
}

function asBoolean(value: unknown): unknown {
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : undefined;
  if (word === undefined) return value;
  if (truthy.has(word)) return true;
  return falsy.has(word) ? false : value;
}

function asList(value: unknown, change: (each: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  return isScalar(value) ? [change(value)] : value;
}

/** Salt's lists of single pairs (`env: [{A: 1}, {B: 2}]`) are maps. */
function asMap(value: unknown): unknown {
  if (!Array.isArray(value) || value.length === 0) return value;
  return value.every((each) => isMap(each) && Object.keys(each).length === 1) ? Object.assign({}, ...value) : value;
}

function asOption(options: readonly z.core.$ZodType[], value: unknown): unknown {
  if (options.some((option) => z.safeParse(option, value).success)) return value;
  const coerced = options.map((option) => [option, coerce(option, value)] as const);
  return coerced.find(([option, each]) => z.safeParse(option, each).success)?.[1] ?? value;
}

function mapValues(value: unknown, change: (each: unknown, key: string) => unknown): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each, key)]));
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
