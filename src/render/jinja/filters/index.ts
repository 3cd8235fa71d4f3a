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

/** Every filter by name: Jinja's own, and Salt's, which win where both have one. */
export const filters: ReadonlyMap<string, Filter> = new Map([
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
]);
