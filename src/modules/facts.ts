import { dataFunctions } from '#kit/abilities/data.ts';

export const { get, items, keys, item, hasValue } = dataFunctions(
  'facts',
  'facts of this machine',
  ({ facts }) => facts,
);

/** The same under Salt's name, with the names that Salt has for them beside ours. */
export const {
  get: getAsSalt,
  items: itemsAsSalt,
  keys: keysAsSalt,
  item: itemAsSalt,
  hasValue: hasValueAsSalt,
} = dataFunctions('grains', 'facts of this machine', ({ facts, grains }) => ({ ...facts, ...grains }));
