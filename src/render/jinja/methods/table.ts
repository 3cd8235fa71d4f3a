import { typeError } from '../errors.ts';
import { Signature } from '../signature.ts';
import { type Arguments, typeName, type Value } from '../values.ts';

export type Method = (self: Value, args: Arguments) => Value;

/** Methods of one type: `[signature, (self, …arguments) => value]` by name. */
export function methodTable<Self extends Value>(
  table: Readonly<Record<string, readonly [string, (self: Self, ...values: Value[]) => Value]>>,
  isSelf: (value: Value) => value is Self,
): ReadonlyMap<string, Method> {
  return new Map(
    Object.entries(table).map(([name, [written, run]]) => {
      const signature = new Signature(written);
      const method: Method = (self, args) => {
        if (!isSelf(self)) throw typeError(`descriptor '${name}' doesn't apply to a '${typeName(self)}' object`);
        return run(self, ...signature.bind(name, args));
      };
      return [name, method];
    }),
  );
}
