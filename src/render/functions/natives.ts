import { deepCopy, deepUpdate, traverse } from '../data.ts';
import { iterate } from '../jinja/operators.ts';
import { str } from '../jinja/print.ts';
import { native } from '../jinja/signature.ts';
import { Dict, isText, Native, type Value } from '../jinja/values.ts';
import type { FunctionTable } from './function-table.ts';
import { dirname } from './pure.ts';
import type { FunctionData } from './table.ts';

/** Functions that Zester's templates call by a bare name. */
export function nativeFunctions({ facts, grains, settings }: FunctionData, table: FunctionTable): Native[] {
  return [
    native('facts_get', 'key, default=None', (key = null, fallback = null) => traverse(facts, key, fallback, '.')),
    native('grains_get', 'key, default=None', (key = null, fallback = null) => traverse(grains, key, fallback, '.')),
    native('pillar_get', 'key, default=None', (key = null, fallback = null) => traverse(settings, key, fallback, ':')),
    native('settings_get', 'key, default=None', (key = null, fallback = null) =>
      traverse(settings, key, fallback, ':'),
    ),
    native(
      'grains_filter_by',
      "lookup, grain='os.family', merge=None, base=None",
      (lookup = null, fact = 'os.family', merge = null, base = null) =>
        filterByFact(traverse(facts, fact, null, '.') === null ? grains : facts, { lookup, fact, merge, base }),
    ),
    native('file_dirname', 'path', (path = null) => dirname(str(path))),
    forwarded('basket', 'basket.get', table),
    forwarded('user_info', 'user.info', table),
    forwarded('cmd_has_exec', 'cmd.has_exec', table),
    new Native('salt_call', ({ positional: [name = '', ...rest], named }) =>
      table.get(str(name)).call({ positional: rest, named }),
    ),
  ];
}

function forwarded(name: string, target: string, table: FunctionTable): Native {
  return new Native(name, (args) => table.get(target).call(args));
}

interface FactChoice {
  readonly lookup: Value;
  readonly fact: Value;
  readonly merge: Value;
  readonly base: Value;
}

/** The entry for a fact's value, else `default`, over `base` (a map) and under `merge`; the lookup itself stays as it is. */
function filterByFact(facts: Dict, { lookup, fact, merge, base }: FactChoice): Value {
  if (!(lookup instanceof Dict)) return lookup;
  const value = traverse(facts, fact, null, isText(fact) && str(fact).includes(':') ? ':' : '.');
  const keys = Array.isArray(value) ? [...iterate(value)] : [value];
  const chosen = [...keys, 'default'].map((key) => lookup.get(key)).find((entry) => entry !== undefined);
  const layers = [base, chosen === undefined ? null : chosen, merge].filter((layer) => layer !== null);
  const maps = layers.filter((layer) => layer instanceof Dict);
  if (maps.length === 0) return layers[0] ?? null;
  return maps.reduce<Value>((result, layer) => deepUpdate(result, deepCopy(layer)), new Dict());
}
