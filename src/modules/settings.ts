import { dataFunctions } from '#kit/abilities/data.ts';

export const { get, items, keys, item, hasValue } = dataFunctions(
  'settings',
  'settings of this peel',
  ({ settings }) => settings,
);

/** The same under Salt's name. */
export const {
  get: getAsSalt,
  items: itemsAsSalt,
  keys: keysAsSalt,
  item: itemAsSalt,
  hasValue: hasValueAsSalt,
} = dataFunctions('pillar', 'settings of this peel', ({ settings }) => settings);
