import * as z from 'zod';
import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Context } from '#kit/context.ts';
import { describeAll, type ModuleRecord } from '#kit/describe.ts';
import { moduleFunction } from '#kit/function.ts';

const subject = z
  .string()
  .optional()
  .describe('A name such as "file.managed", or a subject such as "file"; all when left out')
  .meta({ primary: true, aliases: ['module'] });

export const doc = moduleFunction({
  name: 'sys.doc',
  summary: 'What there is to know of states and functions: arguments, examples, notes',
  args: z.object({ name: subject }),
  returns:
    'Map of name to its records, one for a state and one for a function of that name; without a name, to its summary',
  changes: false,
  async run({ name }, context) {
    const { states, functions } = context.registry;
    if (name === undefined)
      return Object.fromEntries([...states, ...functions].map(([each, { summary }]) => [each, summary]));
    const found = recordsOf(name, context);
    if (found.length === 0) throw moduleUnknown(name, context);
    return Object.fromEntries(Map.groupBy(found, (each) => each.name));
  },
  examples: [{ title: 'An unknown name', args: { name: 'file.managd' }, expect: { refusal: 'DOC_UNKNOWN' } }],
});

export const listFunctions = moduleFunction({
  name: 'sys.list_functions',
  summary: 'Names of the functions a job can run',
  args: z.object({ name: subject }),
  returns: 'Sorted list of names',
  changes: false,
  run: async ({ name }, { registry }) => namesOf(registry.functions.keys(), name),
  examples: [
    { title: 'Of one subject', args: { name: 'disk' }, expect: ['disk.percent', 'disk.usage'] },
    { title: 'Of none', args: { name: 'nosuch' }, expect: [] },
  ],
});

export const listStateFunctions = moduleFunction({
  name: 'sys.list_state_functions',
  summary: 'Names of the states a state file can declare',
  args: z.object({ name: subject }),
  returns: 'Sorted list of names',
  changes: false,
  run: async ({ name }, { registry }) => namesOf(registry.states.keys(), name),
  examples: [{ title: 'Of one subject', args: { name: 'group' }, expect: ['group.absent', 'group.present'] }],
});

export const argspec = moduleFunction({
  name: 'sys.argspec',
  summary: 'Arguments of states and functions',
  args: z.object({ name: subject }),
  returns: 'Map of name to a list of its arguments, each with its type, default and description',
  changes: false,
  async run({ name }, context) {
    const found = recordsOf(name, context);
    if (found.length === 0) throw moduleUnknown(name ?? '', context);
    return Object.fromEntries(found.map(({ name: each, args }) => [each, args]));
  },
  examples: [
    {
      title: 'One function',
      args: { name: 'cmd.which' },
      expect: {
        'cmd.which': [
          {
            name: 'program',
            type: 'text',
            decode: 'text',
            description: 'Name of the program',
            required: true,
            primary: true,
            aliases: ['cmd', 'name'],
          },
        ],
      },
    },
  ],
});

/** Describing all there is takes a tenth of a second: only what is asked for is. */
function recordsOf(name: string | undefined, { registry }: Context): readonly ModuleRecord[] {
  const asked = <T>(all: ReadonlyMap<string, T>) => new Map([...all].filter(([each]) => isAsked(each, name)));
  return describeAll({ states: asked(registry.states), functions: asked(registry.functions) });
}

function namesOf(names: Iterable<string>, name: string | undefined): readonly string[] {
  return [...names].filter((each) => isAsked(each, name)).toSorted();
}

function isAsked(each: string, name: string | undefined): boolean {
  return !name || each === name || each.startsWith(`${name}.`);
}

function moduleUnknown(name: string, { registry }: Context): ZesterError {
  const hint = didYouMean(name, [...registry.states.keys(), ...registry.functions.keys()]);
  return new ZesterError('usage', 'DOC_UNKNOWN', `Cannot describe "${name}": there is no such state or function`, {
    hint: hint ?? 'List them with "zester doc"',
  });
}
