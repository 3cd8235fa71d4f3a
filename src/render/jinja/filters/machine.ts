import { item } from '../access.ts';
import { valueError } from '../errors.ts';
import { Signature } from '../signature.ts';
import { Host, Undefined, type Value } from '../values.ts';
import type { Filter, FilterContext } from './table.ts';

/**
 * Filters that look at the machine. A filter is given values only: each asks the function that does the same, which a
 * plan can refuse, and which is found missing where there is no machine.
 */
export const machineFilters: readonly [string, Filter][] = [
  asking('which', 'exe=None', (context, program) => (program === null ? null : call(context, 'cmd.which', program))),
  asking('file_hashsum', "path, form='sha256'", (context, path, form = 'sha256') =>
    call(context, 'file.get_hash', path, form),
  ),
  asking('get_uid', 'user=None', (context, user) => item(call(context, 'user.info', user), 'uid')),
  ...['list_files', 'is_text_file', 'is_bin_file', 'http_query', 'dns_check', 'is_empty'].map(
    (name): [string, Filter] => [name, () => refuse(name)],
  ),
];

function asking(
  name: string,
  written: string,
  run: (context: FilterContext, first: Value, second?: Value) => Value,
): [string, Filter] {
  const signature = new Signature(written);
  return [
    name,
    (args, context) => {
      const [first = null, second] = signature.bind(name, args);
      if (first instanceof Undefined) throw first.error();
      return run(context, first, second);
    },
  ];
}

function call({ runtime }: FilterContext, name: string, ...positional: readonly Value[]): Value {
  const table = runtime.globals.get('salt');
  const called = table === undefined ? undefined : item(table, name);
  if (called instanceof Undefined) throw called.error();
  if (!(called instanceof Host)) throw valueError(`there is no function "${name}" here`);
  return called.call({ positional, named: new Map() });
}

function refuse(name: string): never {
  throw valueError(
    `the filter "${name}" would look at the machine, which templates do through functions`,
    `Call a function instead, as in salt['file.file_exists'](…)`,
  );
}
