import * as z from 'zod';
import type { Context } from '../context.ts';
import { type Data, dataReads } from '../data-lookup.ts';
import { type FunctionDefinition, moduleFunction } from '../function.ts';

const delimiter = z.string().default(':').describe('What separates the parts of a key; "." is understood as well');
const key = z
  .string()
  .describe('Key, such as "os:family"')
  .meta({ primary: true, aliases: ['name'] });

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
      run: async (wanted, context) => dataReads.get(read(context), wanted),
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
      run: async (_args, context) => dataReads.items(read(context)),
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
      run: async (wanted, context) => dataReads.keys(read(context), wanted),
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
      run: async (wanted, context) => dataReads.item(read(context), wanted),
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
      run: async (wanted, context) => dataReads.hasValue(read(context), wanted),
      examples: [
        { title: 'A value', args: { key: 'host' }, given, expect: true },
        { title: 'None', args: { key: 'rack' }, given, expect: false },
      ],
    }),
  };
}

const sample = { host: 'web-01', os: { family: 'debian', names: ['a', 'b'] } };
