import { item } from '../access.ts';
import { isInt } from '../numbers.ts';
import { str } from '../print.ts';
import { isText, Tuple, Undefined, type Value } from '../values.ts';

/** What an `attribute` argument picks out of an item: `a.b.0`, an index, or the item itself for None. */
export function getter(attribute: Value, fallback: Value = null): (value: Value) => Value {
  if (attribute === null) return (value) => value;
  const steps = stepsOf(attribute);
  return (value) => {
    let here = value;
    for (const step of steps) {
      here = item(here, step);
      if (here instanceof Undefined && fallback !== null) here = fallback;
    }
    return here;
  };
}

/** The same for `sort`, whose attribute may name several, separated by commas. */
export function multiGetter(attribute: Value, caseSensitive: boolean): (value: Value) => Value {
  const fold = caseSensitive ? (value: Value) => value : foldCase;
  if (!isText(attribute)) {
    const get = getter(attribute);
    return (value) => fold(get(value));
  }
  const getters = str(attribute)
    .split(',')
    .map((each) => getter(each));
  return (value) => new Tuple(getters.map((get) => fold(get(value))));
}

export function foldCase(value: Value): Value {
  return isText(value) ? str(value).toLowerCase() : value;
}

function stepsOf(attribute: Value): Value[] {
  if (isInt(attribute)) return [attribute];
  return str(attribute)
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
