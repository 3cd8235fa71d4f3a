import { compare } from './operators.ts';
import type { Value } from './values.ts';

/** Python's stable sort; `reverse` keeps equal items in their order, as Python's does. */
export function sorted(
  items: Iterable<Value>,
  { key = (item) => item, reverse = false }: { key?: ((item: Value) => Value) | undefined; reverse?: boolean } = {},
): Value[] {
  const keyed = Array.from(items, (item) => ({ item, key: key(item) }));
  const direction = reverse ? -1 : 1;
  keyed.sort((left, right) => direction * compare(left.key, right.key) || 0);
  return keyed.map(({ item }) => item);
}
