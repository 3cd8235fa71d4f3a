import * as z from 'zod';
import { nearest, ZesterError } from '#base/errors.ts';
import { scalarText } from '#kit/coerce.ts';
import type { FormatOptions, Formats } from '#kit/context.ts';

/** How a file holds data; the text ends with a line break. */
export interface Serializer {
  write(data: unknown, formats: Formats): string;
  read(text: string, path: string, formats: Formats): unknown;
}

export const serializerNames = ['yaml', 'json', 'toml', 'configparser', 'keyvalue'] as const;
export type SerializerName = (typeof serializerNames)[number];

interface Kind<S extends z.ZodObject> {
  readonly options: S;
  make(options: z.output<S>): Serializer;
}

function kind<S extends z.ZodObject>(options: S, make: (options: z.output<S>) => Serializer): Kind<S> {
  return { options, make };
}

const flag = z.union([z.boolean(), z.string().transform((text) => /^(true|yes|on|1)$/i.test(text))]);
const whole = z.coerce.number().pipe(z.int());

// The options of Python's libraries, which Salt hands on to them.
const kinds: Readonly<Record<SerializerName, Kind<z.ZodObject>>> = {
  yaml: kind(
    z.strictObject({
      default_flow_style: flag.nullable().default(false),
      indent: whole.optional(),
      width: whole.optional(),
      sort_keys: flag.default(true),
      allow_unicode: flag.default(false),
      explicit_start: flag.default(false),
    }),
    ({ default_flow_style: flow, indent, width, sort_keys, allow_unicode, explicit_start }) => {
      const options: FormatOptions = {
        flow: flow ?? 'leaves',
        indent,
        width,
        sortKeys: sort_keys,
        ascii: !allow_unicode,
      };
      return {
        write: (data, formats) => `${explicit_start ? '---\n' : ''}${formats.write('yaml', data, options)}`,
        read: (text, path, formats) => formats.read('yaml', text, path),
      };
    },
  ),
  json: kind(
    z.strictObject({
      indent: z.union([z.int(), z.string()]).nullable().default(2),
      sort_keys: flag.default(true),
      ensure_ascii: flag.default(false),
      separators: z.tuple([z.string(), z.string()]).default([',', ': ']),
    }),
    ({ indent, sort_keys, ensure_ascii, separators }) => {
      const options: FormatOptions = {
        indent: indent ?? undefined,
        sortKeys: sort_keys,
        ascii: ensure_ascii,
        separators,
      };
      return {
        write: (data, formats) => formats.write('json', data, options),
        read: (text, path, formats) => formats.read('json', text, path),
      };
    },
  ),
  toml: kind(z.strictObject({}), () => ({
    write: (data, formats) => formats.write('toml', data),
    read: (text, path, formats) => formats.read('toml', text, path),
  })),
  configparser: kind(z.strictObject({ allow_no_value: flag.default(false) }), ({ allow_no_value }) => ({
    write: (data) => sectionsText(data, allow_no_value),
    read: (text) => sectionsOf(text),
  })),
  keyvalue: kind(
    z.strictObject({ separator: z.string().default('='), quoting: flag.nullable().default(null) }),
    ({ separator, quoting }) => ({
      write: (data) =>
        pairsOf(data)
          .map(([key, value]) => `${key}${separator}${quoting ? quoted(value) : value}\n`)
          .join(''),
      read: (text) => keysOf(text, separator, quoting),
    }),
  ),
};

/** Throws `SERIALIZER_OPTION_INVALID` for options that it does not have. */
export function serializerOf(name: SerializerName, options: Readonly<Record<string, unknown>> = {}): Serializer {
  const { options: schema, make } = kinds[name];
  const parsed = schema.safeParse(options);
  if (parsed.success) return make(parsed.data);
  const known = Object.keys(schema.shape);
  const [issue] = parsed.error.issues;
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.map(String).join('.');
  const meant = key === undefined ? undefined : nearest(key, known);
  throw new ZesterError('source', 'SERIALIZER_OPTION_INVALID', `Cannot write ${name} with the option "${key}"`, {
    hint:
      meant !== undefined && meant !== key
        ? `Did you mean "${meant}"?`
        : known.length === 0
          ? 'It has no options'
          : `Its options are ${known.join(', ')}`,
  });
}

/** As Python's `configparser` writes it: names of options in small letters, an empty line after each section. */
function sectionsText(data: unknown, allowNoValue: boolean): string {
  const sections = entriesOf(data, 'a map of sections').toSorted(
    ([a], [b]) => Number(b === 'DEFAULT') - Number(a === 'DEFAULT'),
  );
  const text = sections.map(([name, options]) => {
    const entries = entriesOf(options, `a map of options in "${name}"`);
    const byName = new Map(entries.map(([key, value]) => [key.toLowerCase(), value]));
    const lines = [...byName].map(([key, value]) => {
      if (value === null && allowNoValue) return `${key}\n`;
      return `${key} = ${wordOf(key, value).replaceAll('\n', '\n\t')}\n`;
    });
    return `[${name}]\n${lines.join('')}\n`;
  });
  return `${text.join('')}\n`;
}

function sectionsOf(text: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const found: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | undefined;
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (/^\s*([#;]|$)/.test(line)) continue;
    if (name !== undefined) {
      found[name] ??= {};
      [section, key] = [found[name], undefined];
    } else if (section !== undefined && key !== undefined && /^\s/.test(line)) section[key] += `\n${line.trim()}`;
    else if (section !== undefined) {
      const [, option = line.trim(), value = ''] = /^\s*(.*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
      key = option.toLowerCase();
      section[key] = value;
    }
  }
  return found;
}

function keysOf(text: string, separator: string, quoting: boolean | null): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(separator));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(separator);
      const value = line.slice(at + separator.length);
      return [line.slice(0, at), quoting === false ? value.replace(/^(["'])(.*)\1$/s, '$2') : value];
    }),
  );
}

/** A map, or a list of pairs. */
function pairsOf(data: unknown): readonly (readonly [string, string])[] {
  const pairs =
    Array.isArray(data) && data.every((each) => Array.isArray(each) && each.length === 2) ? data : undefined;
  const entries =
    pairs?.map(([key, value]) => [String(key), value] as const) ?? entriesOf(data, 'a map, or a list of pairs');
  return entries.map(([key, value]) => [key, wordOf(key, value)]);
}

function entriesOf(data: unknown, what: string): readonly (readonly [string, unknown])[] {
  if (data instanceof Map) return [...data].map(([key, value]) => [String(key), value]);
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return Object.entries(data);
  throw new ZesterError('source', 'DATASET_INVALID', `Cannot write the data: it must be ${what}`);
}

function wordOf(key: string, value: unknown): string {
  const text = scalarText(value, 'python');
  if (text !== undefined) return text;
  throw new ZesterError('source', 'DATASET_INVALID', `Cannot write the data: "${key}" is neither text nor a number`);
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
