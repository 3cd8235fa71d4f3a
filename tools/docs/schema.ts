import { commonArguments } from '#engine/common-arguments.ts';
import { argumentsSchema } from '#kit/describe.ts';
import type { Registry } from '#kit/function.ts';
import type { State } from '#kit/state.ts';

type Json = Record<string, unknown>;

const dialect = 'https://json-schema.org/draft/2020-12/schema';

/**
 * JSON Schema of a state file: ids, the states they declare, and the arguments of those. It is for editors, which see the file
 * before its templates are rendered: wherever a value belongs, a text with a template in it is right as well.
 */
export function stateFileSchema({ states }: Registry): Json {
  const all = [...states.values()];
  const modules = Map.groupBy(all, moduleOf);
  return {
    $schema: dialect,
    title: 'Zester state file',
    type: ['object', 'null'],
    properties: {
      include: { description: 'State files to take in first', ...listOf({ anyOf: [text, environmentPair] }) },
      exclude: { description: 'Ids and state files to leave out', ...listOf({ anyOf: [text, { type: 'object' }] }) },
      extend: {
        description: 'Changes to states that other files declare',
        type: 'object',
        additionalProperties: { $ref: '#/$defs/states' },
      },
    },
    additionalProperties: {
      anyOf: [{ $ref: '#/$defs/states' }, { $ref: '#/$defs/short' }],
      description: 'An id with its states',
    },
    $defs: {
      ...shared,
      states: {
        type: 'object',
        properties: Object.fromEntries([
          ...all.map(({ name, summary }) => [name, { description: summary, $ref: `#/$defs/${name}` }]),
          ...[...modules].map(([module, own]) => [module, unnamedState(module, own)]),
        ]),
        additionalProperties: false,
      },
      short: { description: 'A state without arguments', type: 'string', enum: all.map(({ name }) => name) },
      common: { type: 'object', properties: propertiesOf(argumentsSchema(commonArguments)) },
      ...Object.fromEntries(all.map(({ name }) => [name, declaration(name)])),
      ...Object.fromEntries(all.map((state) => [argumentsOf(state.name), argumentsDefinition(state)])),
    },
  };
}

/** JSON Schema of a top file, of states or of settings: who gets which files. */
export function topFileSchema(): Json {
  return {
    $schema: dialect,
    title: 'Zester top file',
    type: ['object', 'null'],
    properties: { include: { description: 'More top files', ...listOf(text) } },
    additionalProperties: {
      description: 'An environment: targets, each with what it gets',
      type: 'object',
      additionalProperties: {
        description: 'A target, such as "web*" or "G@os.family:debian and not db*"',
        ...listOf({
          anyOf: [
            text,
            {
              type: 'object',
              properties: {
                match: {
                  description: 'Kind of the target, as in Salt: top.zy reads it by itself',
                  enum: [
                    ...['compound', 'glob', 'list', 'pcre', 'grain', 'grain_pcre'],
                    ...['pillar', 'pillar_pcre', 'pillar_exact', 'ipcidr', 'nodegroup'],
                  ],
                },
              },
              maxProperties: 1,
              additionalProperties: { description: 'A file of another environment', type: 'string' },
            },
          ],
        }),
      },
    },
  };
}

/** JSON Schema of a settings file: any map, with the words that mean something. */
export function settingsFileSchema(): Json {
  return {
    $schema: dialect,
    title: 'Zester settings file',
    type: ['object', 'null'],
    properties: {
      include: { description: 'Settings files to take in first', ...listOf({ anyOf: [text, { type: 'object' }] }) },
    },
    propertyNames: { type: 'string' },
    additionalProperties: { description: 'A setting: settings.<name> in templates' },
  };
}

const text: Json = { type: 'string' };
const environmentPair: Json = { type: 'object', maxProperties: 1, additionalProperties: text };
/** What nearly every argument may be besides. */
const shared = {
  template: {
    description: 'A template, or nothing',
    anyOf: [{ type: 'string', pattern: '\\{[{%]' }, { type: 'null' }],
  },
  flag: { enum: [true, false, 'true', 'false', 'yes', 'no', 'on', 'off', 0, 1] },
} satisfies Readonly<Record<string, Json>>;

function listOf(item: Json): Json {
  return { anyOf: [{ type: 'array', items: item }, item] };
}

function moduleOf({ name }: State): string {
  return name.slice(0, name.indexOf('.'));
}

/** `pkg: [installed, {name: x}]`: the function is one of the list. Which arguments it takes is only known with it. */
function unnamedState(module: string, own: readonly State[]): Json {
  const functions = own.map(({ name }) => name.slice(module.length + 1));
  return {
    description: `A state of "${module}" whose function is named in the list`,
    anyOf: [
      { type: 'array', items: { anyOf: [{ enum: functions }, { type: 'object' }] } },
      { enum: functions },
      { type: 'object' },
    ],
  };
}

/** Arguments as a map, or as a list of single pairs, as Salt has it. */
function declaration(name: string): Json {
  const whole = { $ref: `#/$defs/${argumentsOf(name)}` };
  return { anyOf: [{ type: 'array', items: whole }, whole, { type: 'null' }] };
}

function argumentsOf(name: string): string {
  return `arguments-of-${name}`;
}

function argumentsDefinition({ args }: State): Json {
  const own = argumentsSchema(args);
  const properties = Object.entries(propertiesOf(own)).map(([name, value]) => [name, loosened(value as Json)]);
  return {
    type: 'object',
    allOf: [{ $ref: '#/$defs/common' }],
    properties: Object.fromEntries(properties),
    ...(own.additionalProperties === false ? { unevaluatedProperties: false } : {}),
  };
}

function propertiesOf(schema: Json): Json {
  return schema.properties as Json;
}

/**
 * What a file may write for a value: numbers and truth values as words, a text without its quotes, a list of single
 * pairs for a map, and anywhere a template.
 */
function loosened({ description, ...json }: Json): Json {
  const already = typesOf(json).has('any');
  return already ? { description, ...json } : { description, anyOf: [coerced(json), { $ref: '#/$defs/template' }] };
}

function coerced(json: Json): Json {
  if (Array.isArray(json.anyOf)) return { ...json, anyOf: (json.anyOf as Json[]).map(coerced) };
  switch (json.type) {
    case 'boolean':
      return { $ref: '#/$defs/flag' };
    case 'integer':
    case 'number':
      return { anyOf: [json, { type: 'string', pattern: '^[+-]?\\d+(\\.\\d+)?$' }] };
    case 'string':
      return json.enum === undefined ? { ...json, type: ['string', 'number', 'boolean'] } : json;
    case 'array':
      return { ...json, items: json.items === undefined ? true : coerced(json.items as Json) };
    case 'object':
      return { anyOf: [withCoercedValues(json), { type: 'array', items: { type: 'object' } }] };
    default:
      return json;
  }
}

function withCoercedValues(json: Json): Json {
  const { additionalProperties: values, propertyNames: _, ...rest } = json;
  return typeof values === 'object' && values !== null
    ? { ...rest, additionalProperties: coerced(values as Json) }
    : json;
}

/** The types a schema allows; `any` when it says none. */
function typesOf(json: Json): ReadonlySet<string> {
  if (Array.isArray(json.anyOf)) return new Set((json.anyOf as Json[]).flatMap((each) => [...typesOf(each)]));
  if (json.enum !== undefined || json.const !== undefined) return new Set(['enum']);
  return new Set(json.type === undefined ? ['any'] : [json.type].flat().map(String));
}
