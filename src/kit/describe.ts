import * as z from 'zod';
import type { ArgumentRecord, Decode, ModuleRecord } from '#wire/reference.ts';
import { type Arguments, argumentMeta } from './arguments.ts';
import { wordFor } from './coerce.ts';
import type { FactDefinition } from './fact.ts';
import type { ModuleFunction, Registry } from './function.ts';
import type { State } from './state.ts';
import * as types from './types.ts';

export type { ArgumentRecord, ExampleRecord, ModuleRecord } from '#wire/reference.ts';

export function describeState(state: State): ModuleRecord {
  return {
    ...common(state, describeArguments(state.args).map(idStands)),
    kind: 'state',
    changes: true,
    differs: state.differs,
    reverts: state.canRevert,
    refreshes: state.canRefresh,
  };
}

export function describeFunction(called: DescribedFunction): ModuleRecord {
  return {
    ...common(called, describeArguments(called.args)),
    kind: 'function',
    changes: called.changes,
    returns: called.returns,
  };
}

/** A function as far as it is described: how it is run is not. */
export type DescribedFunction = Omit<ModuleFunction, 'run'>;

/** Every state, then every function, each by name. */
export function describeAll({
  states,
  functions,
}: Pick<Registry, 'states'> & { readonly functions: ReadonlyMap<string, DescribedFunction> }): readonly ModuleRecord[] {
  return [...[...states.values()].map(describeState), ...[...functions.values()].map(describeFunction)];
}

export function describeFact({ name, summary, returns, kind, examples }: FactDefinition) {
  return { name, summary, returns, kind, examples: examples.map(({ title, expect }) => ({ title, expect })) };
}

/** To make the JSON Schemas of all there is takes a while, and what one says never changes. */
const described = new WeakMap<Arguments, readonly ArgumentRecord[]>();

export function describeArguments(schema: Arguments): readonly ArgumentRecord[] {
  const known = described.get(schema) ?? recordsOf(schema);
  described.set(schema, known);
  return known;
}

function recordsOf(schema: Arguments): readonly ArgumentRecord[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description = '', primary, rest, instead, secret, aliases, word, decode, inSalt } = argumentMeta(field);
    const json = jsonSchema(field);
    const choices = (json.enum ?? (json.items as Json | undefined)?.enum) as readonly string[] | undefined;
    return {
      name,
      type: word ?? typeWord(field),
      decode: decode ?? decodeOf(field),
      description,
      required: !z.safeParse(field, undefined).success,
      ...(primary && { primary: true as const }),
      ...(rest && { rest: true as const }),
      ...(instead && { instead: true as const }),
      ...(secret && { secret: true as const }),
      ...(aliases && { aliases }),
      ...(json.default === undefined ? {} : { default: json.default }),
      ...(inSalt === undefined ? {} : { inSalt }),
      ...(choices && { choices }),
    };
  });
}

/** JSON Schema of the arguments as a state file may write them, aliases included. */
export function argumentsSchema(schema: Arguments): Json {
  const properties: Record<string, Json> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const { description = '', aliases = [], secret } = argumentMeta(field);
    const json = lenient({ ...jsonSchema(field), description, ...(secret && { writeOnly: true }) });
    properties[name] = json;
    for (const alias of aliases) properties[alias] = { ...json, description: `The same as "${name}"` };
  }
  return { type: 'object', properties, additionalProperties: schema.def.catchall !== undefined };
}

type Json = Record<string, unknown>;

/** A state always has an id, and that stands for its primary argument. */
function idStands(record: ArgumentRecord): ArgumentRecord {
  return record.primary ? { ...record, required: false } : record;
}

function common(
  { name, summary, args, examples, notes }: State | DescribedFunction,
  records: readonly ArgumentRecord[],
) {
  return {
    name,
    summary,
    args: records,
    ...(args.def.catchall !== undefined && { open: true as const }),
    examples: examples.map(({ title, args: written, expect }) => ({ title, args: written, expect })),
    notes,
  };
}

function jsonSchema(field: z.core.$ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any', override: plainer });
  return json;
}

/** Our own words on arguments are no JSON Schema, and the bounds of a safe integer say nothing. */
function plainer({ jsonSchema: json }: { jsonSchema: Json }): void {
  for (const key of ['primary', 'aliases', 'secret', 'rest', 'instead', 'refers', 'word', 'decode', 'inSalt']) {
    delete json[key];
  }
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
}

/** A file may write a list of one as its element, and anything as a Jinja expression. */
function lenient(json: Json): Json {
  if (json.type !== 'array') return json;
  const { description, ...list } = json;
  return { description, anyOf: [list.items, list] };
}

const named = new Map<z.core.$ZodType, string>([
  [types.FileMode, 'file mode'],
  [types.FileModeOrKeep, 'file mode or "keep"'],
  [types.AccountRef, 'name or id'],
  [types.TemplateFlag, '"jinja", true or false'],
  [types.Duration, 'duration'],
  [types.AbsolutePath, 'absolute path'],
  [types.AnyMap, 'map'],
]);

/** How the text of a command line becomes a value of the type; what is left is the decoder's, on the peel. */
function decodeOf(schema: z.core.$ZodType): Decode {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return decodeOf(def.innerType);
  switch (def.type) {
    case 'array':
      return 'list';
    case 'record':
    case 'object':
      return 'map';
    case 'boolean':
      return 'bool';
    case 'number':
      return z.toJSONSchema(schema).type === 'integer' ? 'int' : 'number';
    case 'union':
      return decodeOfAny(new Set(def.options.map(decodeOf)));
    case 'pipe':
      return decodeOf(def.in);
    case 'unknown':
      return 'any';
    default:
      return 'text';
  }
}

/** Digits are text where text is taken as well, and a list beside a map is written as it is in a file. */
function decodeOfAny(kinds: ReadonlySet<Decode>): Decode {
  const [first = 'any'] = kinds;
  if (kinds.size === 1) return first;
  const areAll = (...some: readonly Decode[]) => [...kinds].every((each) => some.includes(each));
  if (areAll('int', 'number')) return 'number';
  if (areAll('text', 'int', 'number', 'list')) return 'text';
  if (areAll('list', 'map')) return 'list';
  return areAll('map', 'text') ? 'map' : 'any';
}

/** The type as a person calls it. */
function typeWord(schema: z.core.$ZodType): string {
  const known = nameOf(schema);
  if (known !== undefined) return known;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return typeWord(def.innerType);
  switch (def.type) {
    case 'array':
      return `list of ${typeWord(def.element)}`;
    case 'record':
      return `map of ${typeWord(def.valueType)}`;
    case 'union':
      return [...new Set(def.options.map(typeWord))].join(' or ');
    case 'enum':
      return 'text';
    case 'pipe':
      return typeWord(def.in);
    case 'unknown':
      return 'anything';
    case 'number':
      return z.toJSONSchema(schema).type === 'integer' ? 'whole number' : 'number';
    default:
      return wordFor(def.type);
  }
}

/** A description makes a copy of a schema: its parents lead back to the one that has the name. */
function nameOf(schema: z.core.$ZodType): string | undefined {
  for (let each: z.core.$ZodType | undefined = schema; each; each = each._zod.parent) {
    const name = named.get(each);
    if (name !== undefined) return name;
  }
  return undefined;
}
