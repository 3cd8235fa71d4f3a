import * as z from 'zod';
import type { Context } from '../context.ts';
import { type FunctionDefinition, moduleFunction } from '../function.ts';
import { lookup } from '../lookup.ts';

type Data = Readonly<Record<string, unknown>>;

const delimiter = z.string().default(':').describe('What separates the parts of a key; "." is understood as well');
const key = z
  .string()
  .describe('Key, such as "os:family"')
  .meta({ primary: true, aliases: ['name'] });

/** A value by its key, whose parts are separated by the delimiter or by dots. */
export function find(data: Data, path: string, separator: string): unknown {
  return lookup(data, path, separator) ?? lookup(data, path, '.');
}

/** The functions by which people and templates read nested data: `get`, `items`, `keys`, `item`, and friends. */
export function dataFunctions(
  subject: 'facts' | 'grains' | 'settings' | 'pillar',
  what: string,
  read: (context: Context) => Data,
) {
  const given = { facts: sample, settings: sample };
  const common = <A extends z.ZodObject>(definition: Omit<FunctionDefinition<A>, 'changes'>) =>
    moduleFunction<A>({ ...definition, changes: false });
  return {
    get: common({
      name: `${subject}.get`,
      summary: `One of the ${what}, by its key`,
      args: z.object({
        key: key.default(''),
        default: z.unknown().optional().describe('What to return when there is none; empty text otherwise'),
        merge: z.boolean().default(false).describe('Merge what is found over a default that is a map'),
        delimiter,
      }),
      returns: 'The value, or the default',
      async run({ key, default: fallback = '', merge, delimiter: separator }, context) {
        const found = key === '' ? read(context) : find(read(context), key, separator);
        if (found === undefined) return fallback;
        return merge && isMap(found) && isMap(fallback) ? merged(fallback, found) : found;
      },
      examples: [
        { title: 'A value deep inside', args: { key: 'os:family' }, given, expect: 'debian' },
        { title: 'A default', args: { key: 'os:flavour', default: 'none' }, given, expect: 'none' },
        {
          title: 'A default that is completed',
          args: { key: 'os', default: { family: 'x', flavour: 'none' }, merge: true },
          given,
          expect: { family: 'debian', flavour: 'none', names: ['a', 'b'] },
        },
      ],
    }),
    items: common({
      name: `${subject}.items`,
      summary: `All ${what}`,
      args: z.object({}),
      returns: 'Map of key to value',
      run: async (_args, context) => read(context),
      examples: [{ title: 'Everything', args: {}, given, expect: sample }],
    }),
    keys: common({
      name: `${subject}.keys`,
      summary: `Keys of the ${what}`,
      args: z.object({
        key: key.default('').describe('Key of the map whose keys are wanted; all when left out'),
        delimiter,
      }),
      returns: 'Sorted list of keys',
      async run({ key, delimiter: separator }, context) {
        const found = key === '' ? read(context) : find(read(context), key, separator);
        return isMap(found) ? Object.keys(found).toSorted() : [];
      },
      examples: [
        { title: 'At the top', args: {}, given, expect: ['host', 'os'] },
        { title: 'Inside', args: { key: 'os' }, given, expect: ['family', 'names'] },
      ],
    }),
    item: common({
      name: `${subject}.item`,
      summary: `Some of the ${what}, by their keys`,
      args: z.object({
        keys: z
          .array(z.string())
          .describe('The keys')
          .meta({ primary: true, rest: true, aliases: ['key', 'name'] }),
        delimiter,
      }),
      returns: 'Map of key to value; a key that is missing has an empty text',
      async run({ keys, delimiter: separator }, context) {
        return Object.fromEntries(keys.map((each) => [each, find(read(context), each, separator) ?? '']));
      },
      examples: [
        {
          title: 'Two keys',
          args: { keys: ['host', 'os:family'] },
          given,
          expect: { host: 'web-01', 'os:family': 'debian' },
        },
      ],
    }),
    hasValue: common({
      name: `${subject}.has_value`,
      summary: `Whether one of the ${what} is there and says something`,
      args: z.object({ key, delimiter }),
      returns: 'True or false',
      async run({ key, delimiter: separator }, context) {
        return Boolean(find(read(context), key, separator));
      },
      examples: [
        { title: 'A value', args: { key: 'host' }, given, expect: true },
        { title: 'None', args: { key: 'rack' }, given, expect: false },
      ],
    }),
  };
}

/** Maps joined key by key, the second word winning. */
export function merged(under: Data, over: Data): Data {
  const result: Record<string, unknown> = { ...under };
  for (const [each, value] of Object.entries(over)) {
    const below = result[each];
    result[each] = isMap(below) && isMap(value) ? merged(below, value) : value;
  }
  return result;
}

const sample = { host: 'web-01', os: { family: 'debian', names: ['a', 'b'] } };

function isMap(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
