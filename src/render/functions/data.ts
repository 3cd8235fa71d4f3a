import { globMatches } from '#pattern/glob.ts';
import { deepCopy, deepUpdate, filterBy, mergeWith, traverse } from '../data.ts';
import { valueError } from '../jinja/errors.ts';
import { contains, iterate, truthy } from '../jinja/operators.ts';
import { str } from '../jinja/print.ts';
import { Dict, isText, type Value } from '../jinja/values.ts';
import type { FunctionData, Functions } from './table.ts';

const lookup = "key, default='', delimiter=':', ordered=True";
const filterSignature = "lookup_dict, grain='os_family', merge=None, default='default', force=False, base=None";
// A missing value can be anything but this.
const missing: Value = [];

/** Facts, settings and options: `grains.get`, `pillar.get`, `config.get` and their kind. */
export function dataFunctions({ facts, grains, settings, options }: FunctionData): Functions {
  const settingItems = (...keys: Value[]): Value => (hasItems(keys[0]) ? pick(settings, keys[0] ?? []) : settings);
  const getSetting = (
    key: Value = null,
    fallback: Value = '',
    merge: Value = false,
    lists: Value = null,
    delimiter: Value = ':',
  ): Value =>
    settingGet(settings, { key, fallback, merge: truthy(merge), mergeLists: truthy(lists), delimiter: str(delimiter) });
  const settingSignature =
    "key, default='', merge=False, merge_nested_lists=None, delimiter=':', pillarenv=None, saltenv=None";
  return {
    ...readings('facts', facts),
    ...readings('grains', grains),
    'pillar.filter_by': [
      "lookup_dict, pillar, merge=None, default='default', base=None",
      (map = null, path = null, merge = null, fallback = 'default', base = null) =>
        filterBy({ lookup: map, data: settings, path, merge, fallback, base }),
    ],
    'pillar.get': [settingSignature, getSetting],
    'settings.get': [settingSignature, getSetting],
    'pillar.fetch': [settingSignature, getSetting],
    'pillar.items': ['*keys', settingItems],
    'settings.items': ['*keys', settingItems],
    'pillar.data': ['*keys', settingItems],
    'pillar.item': ['*keys, **named', (keys = [], named = null) => pickSettings(settings, keys, named)],
    'settings.item': ['*keys, **named', (keys = [], named = null) => pickSettings(settings, keys, named)],
    'pillar.raw': ['key=None', (key = null) => (key === null ? settings : traverse(settings, key, new Dict()))],
    'pillar.keys': [
      "key, delimiter=':'",
      (key = null, delimiter = ':') => mapKeys(traverse(settings, key, missing, str(delimiter)), str(key)),
    ],
    'pillar.ls': ['*keys', () => [...settings.keys()].toSorted()],
    'config.get': [
      "key, default='', delimiter=':', merge=None, omit_opts=False, omit_pillar=False, omit_master=False, omit_grains=False",
      (
        key = null,
        fallback = '',
        delimiter = ':',
        merge = null,
        noOptions = false,
        noSettings = false,
        noMaster = false,
        noFacts = false,
      ) =>
        configGet(
          { key, fallback, delimiter: str(delimiter), merge },
          configStores({ facts: grains, settings, options }, { noOptions, noFacts, noSettings, noMaster }),
        ),
    ],
    'config.option': [
      'value, default=None, omit_opts=False, omit_grains=False, omit_pillar=False, omit_master=False, omit_all=False, wildcard=False',
      (
        key = null,
        fallback = null,
        noOptions = false,
        noFacts = false,
        noSettings = false,
        noMaster = false,
        noAll = false,
        wildcard = false,
      ) =>
        configOption(
          str(key),
          { fallback: fallback === null ? '' : fallback, wildcard: truthy(wildcard) },
          noAll === true
            ? []
            : flatStores({ facts: grains, settings, options }, { noOptions, noFacts, noSettings, noMaster }),
        ),
    ],
    'config.items': ['', () => options],
    'slsutil.merge': [
      "obj_a, obj_b, strategy='smart', renderer='yaml', merge_lists=False",
      (first = null, second = null, strategy = 'smart', _renderer = 'yaml', lists = false) =>
        mergeWith(str(strategy), first, second, truthy(lists)),
    ],
    'slsutil.merge_all': [
      "lst, strategy='smart', renderer='yaml', merge_lists=False",
      (all = [], strategy = 'smart', _renderer = 'yaml', lists = false) =>
        [...iterate(all)].reduce(
          (result, each) => mergeWith(str(strategy), result, each, truthy(lists)),
          new Dict() as Value,
        ),
    ],
    'slsutil.update': [
      'dest, upd, recursive_update=True, merge_lists=False',
      (target = null, update = null, recursive = true, lists = false) =>
        deepUpdate(target, update, { recursive: truthy(recursive), mergeLists: truthy(lists) }),
    ],
    'slsutil.boolstr': [
      "value, true='true', false='false'",
      (value = null, yes = 'true', no = 'false') => (truthy(value) ? yes : no),
    ],
    'defaults.merge': [
      'dest, src, merge_lists=False, in_place=True, convert_none=True',
      (target = null, source = null, lists = false, inPlace = true, convert = true) =>
        mergeDefaults({
          target,
          source,
          mergeLists: truthy(lists),
          inPlace: truthy(inPlace),
          convert: truthy(convert),
        }),
    ],
    'defaults.deepcopy': ['source', (source = null) => deepCopy(source)],
    'defaults.update': [
      'dest, defaults, merge_lists=True, in_place=True, convert_none=True',
      (target = null, defaults = null, lists = true, inPlace = true) =>
        updateDefaults(target, defaults, { mergeLists: truthy(lists), inPlace: truthy(inPlace) }),
    ],
  };
}

/** What `facts.*` and `grains.*` have in common: the one reads Zester's names, the other Salt's. */
function readings(module: 'facts' | 'grains', data: Dict): Functions {
  const get = (key: Value = null, fallback: Value = '', delimiter: Value = ':'): Value =>
    lookUp(data, { key, fallback, delimiter: str(delimiter) });
  const functions: Functions = {
    get: [lookup, get],
    fetch: [lookup, get],
    items: ['sanitize=False', () => data],
    item: ['*names, **named', (names = [], named = null) => pickFacts(data, names, named)],
    ls: ['', () => [...data.keys()].map(str).toSorted()],
    has_value: ['key', (key = null) => truthy(traverse(data, key, false))],
    equals: ['key, value', (key = null, value = null) => str(traverse(data, key, '')) === str(value)],
    filter_by: [
      filterSignature,
      (map = null, fact = 'os_family', merge = null, fallback = 'default', _force = false, base = null) =>
        filterBy({ lookup: map, data, path: fact, merge, fallback, base }),
    ],
  };
  return Object.fromEntries(Object.entries(functions).map(([name, each]) => [`${module}.${name}`, each]));
}

function hasItems(value: Value | undefined): boolean {
  return value !== undefined && [...iterate(value)].length > 0;
}

function pick(map: Dict, keys: Value): Dict {
  return new Dict([...iterate(keys)].map((key) => [key, traverse(map, key, '')]));
}

function option(named: Value, name: string, fallback: Value): Value {
  const value = named instanceof Dict ? named.get(name) : undefined;
  return value === undefined ? fallback : value;
}

function pickFacts(facts: Dict, names: Value, named: Value): Dict {
  const [fallback, delimiter] = [option(named, 'default', ''), str(option(named, 'delimiter', ':'))];
  return new Dict([...iterate(names)].map((name) => [name, traverse(facts, name, fallback, delimiter)]));
}

function pickSettings(settings: Dict, keys: Value, named: Value): Dict {
  return pickFacts(settings, keys, named);
}

/** A colon path; one written with dots, as older templates have it, is tried when nothing has that very name. */
function lookUp(data: Dict, { key, fallback, delimiter }: { key: Value; fallback: Value; delimiter: string }): Value {
  const found = traverse(data, key, missing, delimiter);
  if (found !== missing) return found;
  const isDotted = delimiter === ':' && isText(key) && str(key).includes('.') && !str(key).includes(':');
  return isDotted ? traverse(data, key, fallback, '.') : fallback;
}

interface SettingGet {
  readonly key: Value;
  readonly fallback: Value;
  readonly merge: boolean;
  readonly mergeLists: boolean;
  readonly delimiter: string;
}

function settingGet(settings: Dict, { key, fallback, merge, mergeLists, delimiter }: SettingGet): Value {
  const absent = merge && (fallback instanceof Dict || Array.isArray(fallback)) ? missing : fallback;
  const found = lookUp(settings, { key, fallback: absent, delimiter });
  if (!merge || found === fallback) return found;
  if (fallback instanceof Dict && found === missing) return deepCopy(fallback);
  if (fallback instanceof Dict && found instanceof Dict) return deepUpdate(deepCopy(fallback), found, { mergeLists });
  if (Array.isArray(fallback) && Array.isArray(found))
    return [...fallback.map(deepCopy), ...found.filter((item) => !contains(fallback, item))];
  return found === missing ? fallback : found;
}

function mapKeys(value: Value, key: string): Value {
  if (value === missing) throw valueError(`KeyError: 'Pillar key not found: ${key}'`);
  if (!(value instanceof Dict)) throw valueError(`Pillar value for key ${key} is not a map`);
  return [...value.keys()];
}

interface Stores {
  readonly noOptions: Value;
  readonly noFacts: Value;
  readonly noSettings: Value;
  readonly noMaster: Value;
}

/** Where configuration is looked for, first one first: options, facts, settings, the master's options in the settings. */
function configStores(
  { facts, settings, options }: Pick<FunctionData, 'facts' | 'settings' | 'options'>,
  omit: Stores,
): Dict[] {
  const master = settings.get('master');
  return [
    ...(truthy(omit.noOptions) ? [] : [options]),
    ...(truthy(omit.noFacts) ? [] : [facts]),
    ...(truthy(omit.noSettings) ? [] : [settings]),
    ...(truthy(omit.noMaster) || !(master instanceof Dict) ? [] : [master]),
  ];
}

function configGet(
  { key, fallback, delimiter, merge }: { key: Value; fallback: Value; delimiter: string; merge: Value },
  stores: readonly Dict[],
): Value {
  const searched = merge === null ? stores : [merged(stores, str(merge))];
  for (const store of searched) {
    const found = traverse(store, key, missing, delimiter);
    if (found !== missing) return found;
  }
  return fallback;
}

function merged(stores: readonly Dict[], strategy: string): Dict {
  const result = stores
    .toReversed()
    .reduce<Value>(
      (all, store) => mergeWith(strategy === 'overwrite' ? 'overwrite' : 'recurse', all, store, false),
      new Dict(),
    );
  return result instanceof Dict ? result : new Dict();
}

function flatStores(data: Pick<FunctionData, 'facts' | 'settings' | 'options'>, omit: Stores): Dict[] {
  return configStores(data, omit);
}

function configOption(
  name: string,
  { fallback, wildcard }: { fallback: Value; wildcard: boolean },
  stores: readonly Dict[],
): Value {
  if (!wildcard) {
    const store = stores.find((each) => each.has(name));
    return store?.get(name) ?? (store === undefined ? fallback : null);
  }
  const found = new Dict();
  for (const store of stores.toReversed()) {
    for (const { key, value } of store.entries()) if (isText(key) && globMatches(name, str(key))) found.set(key, value);
  }
  return found.size > 0 ? found : fallback;
}

interface DefaultsMerge {
  readonly target: Value;
  readonly source: Value;
  readonly mergeLists: boolean;
  readonly inPlace: boolean;
  readonly convert: boolean;
}

function mergeDefaults({ target, source, mergeLists, inPlace, convert }: DefaultsMerge): Value {
  const update = source === null && convert ? new Dict() : source;
  if (target === null && convert && inPlace) throw valueError("Can't perform in-place merge into NoneType");
  const into = target === null && convert ? new Dict() : inPlace ? target : deepCopy(target);
  return deepUpdate(into, update, { mergeLists });
}

function updateDefaults(
  target: Value,
  defaults: Value,
  { mergeLists, inPlace }: { mergeLists: boolean; inPlace: boolean },
): Value {
  const into = inPlace ? target : deepCopy(target);
  if (!(into instanceof Dict)) throw valueError('defaults.update needs a map of maps');
  for (const { key, value } of [...into.entries()])
    into.set(key, deepUpdate(deepCopy(defaults), value, { mergeLists }));
  return into;
}
