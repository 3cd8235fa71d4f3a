import { textKeyed } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';

/** A fact as it is compared: a Numeral is the text it was written as, a key is a text. The same value where nothing differs. */
export function comparable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Numeral) return value.text;
  if (value instanceof Map) return comparable(textKeyed(value));
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value);
  const changed = entries.map(([key, each]) => [key, comparable(each)] as const);
  return changed.every(([, each], index) => each === entries[index]?.[1]) ? value : Object.fromEntries(changed);
}
