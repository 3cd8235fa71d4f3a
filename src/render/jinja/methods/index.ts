import { Dict, Float, isText, Markup, Native, PySet, Range, Tuple, type Value } from '../values.ts';
import { dictMethods, orderedDictMethods } from './dict.ts';
import { listMethods, setMethods, tupleMethods } from './list.ts';
import { floatMethods, intMethods } from './number.ts';
import type { Method } from './table.ts';
import { markupMethods, textMethods } from './text.ts';

/** The Python method `value.name`, ready to call, or undefined when the type has none of that name. */
export function methodOf(value: Value, name: string): Native | undefined {
  const method = ownMethods(value)?.get(name) ?? tableOf(value)?.get(name);
  return method && new Native(name, (args) => method(value, args));
}

/** Methods of a class over those of the class it is made from. */
function ownMethods(value: Value): ReadonlyMap<string, Method> | undefined {
  if (value instanceof Markup) return markupMethods;
  return value instanceof Dict && value.ordered ? orderedDictMethods : undefined;
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
