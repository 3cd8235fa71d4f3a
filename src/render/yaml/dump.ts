import { isError } from '#base/errors.ts';
import { floatText } from '#base/numeral.ts';
import { typeError } from '../jinja/errors.ts';
import { compare } from '../jinja/operators.ts';
import { str } from '../jinja/print.ts';
import {
  Bytes,
  Dict,
  DictView,
  Float,
  isText,
  PySet,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from '../jinja/values.ts';
import { type Emitted, Emitter } from './emitter.ts';
import { escapeDouble } from './scalar-style.ts';

export interface DumpOptions {
  /** Lists and maps in brackets on one line, instead of one item a line; `leaves` only those that hold no others. */
  readonly flow?: boolean | 'leaves';
  /** Where lines are folded; PyYAML's 80 by default. */
  readonly width?: number;
  /** Whether keys of a plain dict are sorted, as PyYAML does; an ordered map never is. */
  readonly sortKeys?: boolean;
  /** Blanks a level, 2 by default. */
  readonly indent?: number;
  /** Whether what is not ASCII is escaped, as PyYAML does unless told otherwise. */
  readonly ascii?: boolean;
}

/** A value as PyYAML's safe dumper writes it, with a line break at the end. Throws TEMPLATE_TYPE for what YAML has no form for. */
export function dumpYaml(value: Value, options: DumpOptions = {}): string {
  const { flow = false, width = 80, sortKeys = true, indent = 2, ascii = false } = options;
  const anchors = findShared(value, sortKeys);
  return new Emitter({ width, indent, ascii }).document(
    represent(value, { anchors, written: new Set(), sortKeys, flow }),
  );
}

/** Text between double quotes, as the `yaml_dquote` filter writes it: on one line, in ASCII. */
export function quoteDouble(text: string): string {
  return `"${Array.from(text, (character) => escapeDouble(character, { ascii: true })).join('')}"`;
}

/** Text between single quotes, as the `yaml_squote` filter writes it. */
export function quoteSingle(text: string): string {
  return `'${text.replaceAll("'", "''").replace(/\n+/g, (breaks) => `\n${breaks}`)}'`;
}

type Container = Value[] | Tuple | Dict;

interface Context {
  readonly anchors: ReadonlyMap<Container, string>;
  readonly written: Set<Container>;
  readonly sortKeys: boolean;
  readonly flow: boolean | 'leaves';
}

/** Containers that occur more than once: PyYAML writes them once, with an anchor, and aliases after that. */
function findShared(root: Value, sortKeys: boolean): ReadonlyMap<Container, string> {
  const seen = new Set<Container>();
  const shared = new Map<Container, string>();
  const visit = (value: Value): void => {
    if (!isContainer(value)) return;
    if (seen.has(value)) {
      if (!shared.has(value)) shared.set(value, `id${String(shared.size + 1).padStart(3, '0')}`);
      return;
    }
    seen.add(value);
    for (const child of children(value, sortKeys)) visit(child);
  };
  visit(root);
  return shared;
}

function isContainer(value: Value): value is Container {
  if (value instanceof Tuple) return value.items.length > 0;
  return Array.isArray(value) || value instanceof Dict;
}

function children(value: Container, sortKeys: boolean): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  return pairsOf(value, sortKeys).flat();
}

function pairsOf(dict: Dict, sortKeys: boolean): (readonly [Value, Value])[] {
  const pairs = [...dict.entries()].map(({ key, value }) => [key, value] as const);
  if (dict.ordered || !sortKeys) return pairs;
  try {
    return pairs.toSorted(([left], [right]) => compare(left, right));
  } catch (error) {
    // Keys of different types have no order: they stay as they are.
    if (isError(error, 'TEMPLATE_TYPE')) return pairs;
    throw error;
  }
}

function represent(value: Value, context: Context): Emitted {
  if (isText(value)) return { kind: 'scalar', text: str(value), isText: true };
  if (value === null) return bare('null');
  if (typeof value === 'boolean') return bare(value ? 'true' : 'false');
  if (typeof value === 'number' || typeof value === 'bigint') return bare(String(value));
  if (value instanceof Float) return bare(floatYaml(value.value));
  if (value instanceof Bytes) return bare(`!!binary "${value.base64}"`);
  // Salt's dumper writes what it has no form for as NULL.
  if (value instanceof PySet) return represent(new Dict([...value].map((item) => [item, null])), context);
  if (value instanceof Tuple || Array.isArray(value) || value instanceof Dict) return container(value, context);
  if (value instanceof Undefined || value instanceof DictView) return bare('NULL');
  throw typeError(`cannot represent an object of type '${typeName(value)}' as YAML`);
}

function bare(text: string): Emitted {
  return { kind: 'scalar', text, isText: false };
}

function floatYaml(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = floatText(value);
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function container(value: Container, context: Context): Emitted {
  const anchor = context.anchors.get(value);
  if (anchor !== undefined && context.written.has(value)) return { kind: 'alias', name: anchor };
  context.written.add(value);
  if (!(value instanceof Dict)) {
    const items = value instanceof Tuple ? value.items : value;
    const emitted = items.map((item) => represent(item, context));
    return { kind: 'list', items: emitted, anchor, flow: isFlow(emitted, context) };
  }
  const pairs = pairsOf(value, context.sortKeys).map(
    ([key, each]) => [represent(key, context), represent(each, context)] as const,
  );
  return { kind: 'map', pairs, anchor, flow: isFlow(pairs.flat(), context) };
}

function isFlow(parts: readonly Emitted[], { flow }: Context): boolean {
  return flow === 'leaves' ? parts.every((part) => part.kind === 'scalar') : flow;
}
