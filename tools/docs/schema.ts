import { argumentsSchema } from '#kit/describe.ts';
import type { Registry } from '#kit/function.ts';

type Json = Record<string, unknown>;

const requisites = 'require watch onchanges onfail prereq listen use'.split(' ');
/** What any state may carry beside its own arguments; the engine reads it. */
const common = [
  ...requisites.flatMap((each) => [each, `${each}_in`, `${each}_any`, `${each}_all`]),
  ...'onlyif unless creates order names name retry failhard check_cmd runas umask parallel fire_event'.split(' '),
  ...'reload_modules reload_grains reload_pillar'.split(' '),
];

/** JSON Schema of a rendered `.zy` file: ids, the states they declare, and the arguments of those. */
export function stateFileSchema({ states }: Registry): Json {
  const all = [...states.values()];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Zester state file',
    type: 'object',
    properties: {
      include: { type: 'array', items: { type: 'string' }, description: 'State files to take in first' },
      exclude: { type: 'array', description: 'Ids and state files to leave out' },
      extend: { type: 'object', description: 'Changes to ids that other files declare' },
    },
    additionalProperties: {
      type: 'object',
      properties: Object.fromEntries(
        all.map(({ name, summary }) => [name, { description: summary, $ref: `#/$defs/${name}` }]),
      ),
    },
    $defs: Object.fromEntries(all.map(({ name, args }) => [name, declaration(argumentsSchema(args))])),
  };
}

/** Arguments as a map, or as a list of single pairs, as Salt has it. */
function declaration(args: Json): Json {
  const whole = {
    ...args,
    properties: { ...Object.fromEntries(common.map((each) => [each, true])), ...(args.properties as Json) },
  };
  return { anyOf: [{ type: 'array', items: { anyOf: [whole, { type: 'string' }] } }, whole, { type: 'null' }] };
}
