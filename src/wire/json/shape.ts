import * as z from 'zod/mini';

/** A moment: milliseconds since the Unix epoch inside, ISO 8601 in UTC outside. */
export const Moment = z.iso.datetime({ precision: 3 });

/** What fields are called inside, where that is not their published name in camel case. */
const names = z.registry<{ readonly inside: string }>();

/** A field that is called something else inside: `took_ms: from('ms', Milliseconds)`. */
export function from<Schema extends z.core.$ZodType>(inside: string, schema: Schema): Schema {
  const own = z.clone(schema);
  names.add(own, { inside });
  return own;
}

const Milliseconds = z.number();

/** How long something took, in milliseconds; `ms` inside. */
export const took = from('ms', Milliseconds);

/** The id of a peel; `peel` inside. */
export const peelId = from('peel', z.string());

/**
 * A value as its schema publishes it: keys in snake case, moments in ISO 8601. What the schema leaves open (facts, values,
 * settings, arguments) is others' data and stays as it is; what the schema does not name is not published.
 */
export function published(schema: z.core.$ZodType, value: unknown): unknown {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return value === undefined || value === null ? value : published(def.innerType, value);
    case 'lazy':
      return published(def.getter(), value);
    case 'array':
      return Array.isArray(value) ? value.map((each) => published(def.element, each)) : value;
    case 'union':
      return publishedOption(def.options, value);
    case 'record':
      return isMap(value) ? mapValues(value, (each) => published(def.valueType, each)) : value;
    case 'object':
      return isMap(value) ? publishedObject(def, value) : value;
    case 'string':
      return schema === Moment ? momentText(value) : value;
    default:
      return value;
  }
}

/** Of the options the one that fits; where only one can, it is not tried: an answer may be large. */
function publishedOption(options: readonly z.core.$ZodType[], value: unknown): unknown {
  const likely = options.filter((option) => isArraySchema(option) === Array.isArray(value));
  const [only, ...others] = likely;
  if (only !== undefined && others.length === 0) return published(only, value);
  for (const option of likely) {
    const shown = published(option, value);
    if (z.safeParse(option, shown).success) return shown;
  }
  return value;
}

function isArraySchema(schema: z.core.$ZodType): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'array';
}

/** The latest moment a date can be, in milliseconds since the epoch. */
const lastMoment = 8.64e15;

/** A peel may say any number: what is no moment stays what it is. */
function momentText(value: unknown): unknown {
  return typeof value === 'number' && Math.abs(value) <= lastMoment ? new Date(value).toISOString() : value;
}

function publishedObject({ shape, catchall }: z.core.$ZodObjectDef, value: Map): Map {
  const shown: Record<string, unknown> = {};
  const taken = new Set<string>();
  for (const [name, schema] of Object.entries(shape)) {
    const inside = insideName(name, schema);
    const key = inside in value ? inside : name;
    taken.add(key);
    const field = published(schema, value[key]);
    if (field !== undefined) shown[name] = field;
  }
  if (catchall === undefined) return shown;
  for (const [key, each] of Object.entries(value)) if (!taken.has(key)) shown[key] = each;
  return shown;
}

function insideName(name: string, schema: z.core.$ZodType): string {
  const own = names.get(schema)?.inside;
  if (own !== undefined) return own;
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === 'optional' || def.type === 'nullable') return insideName(name, def.innerType);
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

type Map = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Map {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function mapValues(map: Map, make: (value: unknown) => unknown): Map {
  return Object.fromEntries(Object.entries(map).map(([key, each]) => [key, make(each)]));
}
