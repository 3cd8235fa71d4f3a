import { stringify } from 'yaml';
import type { ModuleRecord } from '../reference.ts';

/** A state as a `.zy` file declares it with these arguments; the primary one is its id. */
export function declaration(
  { name, args }: Pick<ModuleRecord, 'name' | 'args'>,
  given: Readonly<Record<string, unknown>>,
): { readonly id: string; readonly text: string } {
  const primary = args.find((each) => each.primary)?.name ?? '';
  const { [primary]: first, ...rest } = given;
  const [id, others] = typeof first === 'string' && first !== '' ? [first, rest] : ['an id', given];
  const pairs = Object.entries(others).map(([key, value]) => ({ [key]: value }));
  return { id, text: stringify({ [id]: { [name]: pairs } }) };
}
