import * as mini from 'zod/mini';

export * from 'zod/mini';

// `zod/mini` with one schema for all that say the same. Half of what the messages are made of is a plain text, a number,
// or one that may be left out, and every program makes all of them at its start, to use a few.

const made = { string: mini.string(), number: mini.number(), int: mini.int(), boolean: mini.boolean() };

export const string = (): typeof made.string => made.string;
export const number = (): typeof made.number => made.number;
export const int = (): typeof made.int => made.int;
export const boolean = (): typeof made.boolean => made.boolean;

const optionals = new WeakMap<mini.core.SomeType, mini.ZodMiniOptional<mini.core.SomeType>>();

export function optional<T extends mini.core.SomeType>(inner: T): mini.ZodMiniOptional<T> {
  const known = optionals.get(inner) ?? mini.optional(inner);
  optionals.set(inner, known);
  return known as mini.ZodMiniOptional<T>;
}
