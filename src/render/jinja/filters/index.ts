import { collectionFilters } from './collection.ts';
import { cryptoFilters } from './crypto.ts';
import { dataFilters } from './data.ts';
import { documentFilters } from './document.ts';
import { functionalFilters } from './functional.ts';
import { machineFilters } from './machine.ts';
import { networkFilters } from './network.ts';
import { numberFilters } from './number.ts';
import { regexFilters } from './regex.ts';
import type { Filter } from './table.ts';
import { textFilters } from './text.ts';
import { timeFilters } from './time.ts';

const all: readonly [string, Filter][] = [
  ...textFilters,
  ...numberFilters,
  ...collectionFilters,
  ...functionalFilters,
  ...regexFilters,
  ...dataFilters,
  ...documentFilters,
  ...cryptoFilters,
  ...networkFilters,
  ...timeFilters,
  ...machineFilters,
];

/** Those that may answer otherwise next time: by chance, or by the clock and the time zone. */
const volatile: ReadonlySet<string> = new Set([
  'date_format',
  'gen_mac',
  'rand_str',
  'random',
  'random_hash',
  'random_sample',
  'random_shuffle',
  'random_str',
  'strftime',
]);

/** Every filter by name: Jinja's own, and Salt's, which win where both have one. */
export const filters: ReadonlyMap<string, Filter> = new Map(
  all.map(([name, filter]) => [name, volatile.has(name) ? noted(filter) : filter]),
);

/** What it makes is not to be remembered. */
function noted(filter: Filter): Filter {
  return (args, context) => {
    context.runtime.host.volatile();
    return filter(args, context);
  };
}
