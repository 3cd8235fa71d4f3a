import * as z from 'zod';
import { MixedMap, textKeyed } from '#base/mixed-map.ts';
import { Numeral, numberText } from '#base/numeral.ts';
import { Secret } from '#base/secret.ts';

const truthy = new Set(['true', 'yes', 'on', '1']);
const falsy = new Set(['false', 'no', 'off', '0']);

/** How true and false are written where a text is wanted: as in YAML, or as Python does, and so Salt. */
export type Face = 'yaml' | 'python';

/**
 * A written value as the schema's type would have it, or as it was: what cannot be coerced is left for the schema to
 * refuse. The same for YAML, `k=v` strings and wire values: `"3"` is a number where one is wanted, `yes` a boolean,
 * one scalar a list of one, a list of single pairs a map.
 */
export function coerce(schema: z.core.$ZodType, value: unknown, face: Face = 'yaml'): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return value === null ? value : coerce(def.innerType, value, face);
  switch (def.type) {
    case 'string':
      return scalarText(value, face) ?? value;
    case 'enum':
    case 'literal':
      return scalarText(value, 'yaml') ?? value;
    case 'number':
      return asNumber(value);
    case 'boolean':
      return asBoolean(value);
    case 'array':
      return asList(value, (each) => coerce(def.element, each, face));
    case 'record':
      return mapValues(asMap(value), (each) => coerce(def.valueType, each, face));
    case 'object':
      return mapValues(asMap(value), (each, key) =>
        key in def.shape ? coerce(def.shape[key] as z.ZodType, each, face) : each,
      );
    case 'union':
      return asOption(def.options, value, face);
    case 'pipe':
      return coerce(def.in, value, face);
    default:
      return value;
  }
}

/**
 * The one place that says how a value that is no text becomes one: a number as Python writes it, `1.0` and every digit
 * of a long one included, true and false by their face. Undefined for nothing, lists, maps and bytes.
 */
export function scalarText(value: unknown, face: Face): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || value instanceof Numeral) return numberText(value);
  if (typeof value !== 'boolean') return undefined;
  if (face === 'python') return value ? 'True' : 'False';
  return String(value);
}

/** Plain data for whatever a loader made: secrets revealed, maps without prototypes. */
export function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (typeof value === 'bigint') return Numeral.whole(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new MixedMap([...value].map(([key, each]) => [key, plain(each)]));
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

/** A JavaScript number where one means the same; a whole one that is too long for it stays, and the schema refuses it. */
function asNumber(value: unknown): unknown {
  if (value instanceof Numeral) return value.isFloat ? value.valueOf() : value;
  if (typeof value !== 'string' || !/^[+-]?\d+(\.\d+)?$/.test(value.trim())) return value;
  return asNumber(Numeral.read(value.trim()));
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
  if (value instanceof Map) return textKeyed(value);
  if (!Array.isArray(value) || value.length === 0) return value;
  return value.every((each) => isMap(each) && Object.keys(each).length === 1) ? Object.assign({}, ...value) : value;
}

function asOption(options: readonly z.core.$ZodType[], value: unknown, face: Face): unknown {
  if (options.some((option) => z.safeParse(option, value).success)) return value;
  const coerced = options.map((option) => [option, coerce(option, value, face)] as const);
  return coerced.find(([option, each]) => z.safeParse(option, each).success)?.[1] ?? value;
}

function mapValues(value: unknown, change: (each: unknown, key: string) => unknown): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each, key)]));
}

function isScalar(value: unknown): boolean {
  return scalarText(value, 'yaml') !== undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
