import { Dict, Float, isText, Native, PySet, Range, Tuple, type Value } from '../values.ts';
import { dictMethods } from './dict.ts';
import { listMethods, setMethods, tupleMethods } from './list.ts';
import { floatMethods, intMethods } from './number.ts';
import type { Method } from './table.ts';
import { textMethods } from './text.ts';

/** The Python method `value.name`, ready to call, or undefined when the type has none of that name. */
export function methodOf(value: Value, name: string): Native | undefined {
  const method = tableOf(value)?.get(name);
  return method && new Native(name, (args) => method(value, args));
}

export function methodNames(value: Value): Iterable<string> {
  return tableOf(value)?.keys() ?? [];
}

function tableOf(value: Value): ReadonlyMap<string, Method> | undefined {
  if (isText(value)) return textMethods;
  if (value instanceof Dict) return dictMethods;
  if (Array.isArray(value)) return listMethods;
  if (value instanceof Tuple || value instanceof Range) return tupleMethods;
  if (value instanceof PySet) return setMethods;
  if (value instanceof Float) return floatMethods;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return intMethods;
  return undefined;
}
