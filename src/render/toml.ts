import { parse, stringify, TomlDate, TomlError } from 'smol-toml';
import { type Place, ZesterError } from '#base/errors.ts';
import { typeError } from './jinja/errors.ts';
import { str } from './jinja/print.ts';
import { Dict, Float, isText, Tuple, typeName, type Value } from './jinja/values.ts';
import type { SourceMap } from './source-map.ts';
import type { Node, Scalar } from './yaml.ts';

/** A TOML text as a document. Dates are texts. Throws TOML_SYNTAX with the place. */
export function parseTomlDocument(text: string, map: SourceMap): Node {
  try {
    return nodeOf(parse(text, { integersAsBigInt: true }), map);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const at = placeOf(thrown, text, map);
    const reason = thrown.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '');
    throw new ZesterError('source', 'TOML_SYNTAX', `Cannot read "${at.file}" as TOML: ${reason}`, {
      at,
      hint: 'Write "key = value" lines and "[table]" headings; a text is in quotes',
      cause: thrown,
    });
  }
}

/** What ends too early is shown at its last character. */
function placeOf({ line, column }: TomlError, text: string, map: SourceMap): Place {
  const start = map.atLine(line);
  const lines = text.trimEnd().split('\n');
  const end = lines.length < line ? map.at(text.trimEnd().length - 1) : undefined;
  return end ?? { ...start, column: start.column + column - 1 };
}

// The parser gives no places: the one of the document does for all of its parts.
function nodeOf(value: unknown, map: SourceMap): Node {
  const at = map.at(0);
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => nodeOf(item, map)) };
  if (typeof value !== 'object' || value === null || value instanceof TomlDate) {
    return { kind: 'scalar', at, value: scalarOf(value) };
  }
  const entries = Object.entries(value).map(([key, item]) => ({
    key: { kind: 'scalar', at, value: key } as const,
    value: nodeOf(item, map),
  }));
  return { kind: 'map', at, entries };
}

function scalarOf(value: unknown): Scalar {
  if (value instanceof TomlDate) return value.toISOString();
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  // Integers arrive as bigints: a number was written as a float.
  if (typeof value === 'number') return new Float(value);
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

/** A map as TOML; what is null is left out, as by Python's library. Throws TEMPLATE_TYPE for what TOML has no form for. */
export function dumpToml(value: Value): string {
  if (!(value instanceof Dict)) throw typeError(`cannot represent an object of type '${typeName(value)}' as TOML`);
  return `${stringify(tomlOf(value), { numbersAsFloat: true }).trimEnd()}\n`;
}

/** Integers as bigints: a number is then written as a float. */
function tomlOf(value: Value): unknown {
  if (value instanceof Dict) {
    const pairs = [...value.entries()].filter(({ value: each }) => each !== null);
    return Object.fromEntries(pairs.map(({ key, value: each }) => [str(key), tomlOf(each)]));
  }
  if (Array.isArray(value)) return value.map(tomlOf);
  if (value instanceof Tuple) return value.items.map(tomlOf);
  if (value instanceof Float) return value.value;
  if (typeof value === 'number') return BigInt(value);
  if (isText(value)) return str(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;
  throw typeError(`cannot represent an object of type '${typeName(value)}' as TOML`);
}
