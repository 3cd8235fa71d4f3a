import { Bytes, Float } from '#render/jinja/values.ts';
import type { Argument, Declaration, Entry } from '../document.ts';
import { isNull, itemsOf, keyText, type Node, scalar, textOf, wordOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import type { High } from './merge.ts';

/** One state to be: an id's state, or one name of its `names`. */
export interface Draft {
  readonly entry: Entry;
  readonly declaration: Declaration;
  readonly id: string;
  readonly name: string;
  /** `file.managed` */
  readonly state: string;
  /** Arguments with those of its own name over them; never `names`. */
  readonly args: ReadonlyMap<string, Argument>;
  readonly order: number;
}

interface Numbered extends Omit<Draft, 'order'> {
  /** 1 for the first of `names`. */
  readonly position: number | undefined;
}

/** One draft for each name, sorted as Salt sorts: by order, then by module, name and function. */
export function names(high: High, problems: Problems): readonly Draft[] {
  const drafts = [...high.values()].flatMap((entry) =>
    entry.declarations.flatMap((declaration) => expand(entry, declaration, problems)),
  );
  const cap = capOf(drafts);
  return drafts
    .map((draft) => ({ draft: { ...draft, order: orderOf(draft, cap) }, key: sortKey(draft) }))
    .sort((a, b) => a.draft.order - b.draft.order || compareText(a.key, b.key))
    .map(({ draft }) => draft);
}

function expand(entry: Entry, declaration: Declaration, problems: Problems): Numbered[] {
  const [first] = declaration.functions;
  if (first === undefined) return [];
  const { id } = entry;
  const base = new Map(declaration.args);
  base.delete('names');
  const own = base.get('name')?.value;
  const written = own && nameIn(own, entry);
  if (written === undefined) base.delete('name');
  if (own && (own.kind === 'list' || own.kind === 'map') && entry.source.dialect === 'zy') {
    problems.add(
      'NAMES_INVALID',
      `Cannot read the name of state '${id}' in SLS '${entry.source.ref}': it is not text`,
      {
        at: own.at,
        hint: own.kind === 'list' ? 'Write "names" for several' : 'Write a text',
      },
    );
  }
  const common = { entry, declaration, id, state: `${declaration.module}.${first.name}` };
  const listed = declaration.args.get('names')?.value;
  const isList = listed?.kind === 'list' || entry.source.dialect === 'zy';
  const entries = listed === undefined || isNull(listed) || !isList ? [] : itemsOf(listed);
  if (entries.length === 0) {
    return [{ ...common, name: written ?? id, args: base, position: undefined }];
  }
  const expanded = new Map<string, Numbered>();
  const seen = new Set<string>();
  for (const node of entries) {
    const item = readName(entry, node, problems);
    if (item === undefined || expanded.has(item.name) || seen.has(item.name)) continue;
    seen.add(item.name);
    const args = new Map([...base, ['name', { key: 'name', at: node.at, value: item.value }], ...item.args]);
    expanded.set(item.name, { ...common, name: item.name, args, position: expanded.size + 1 });
  }
  return [...expanded.values()];
}

/** Salt takes a name that is no text for none; in a `.zy` file a number is as good as a text. */
function nameIn(node: Node, { source }: Entry): string | undefined {
  return source.dialect === 'zy' ? wordOf(node) : textOf(node);
}

interface Name {
  readonly name: string;
  readonly value: Node;
  readonly args: ReadonlyMap<string, Argument>;
}

/** `- nginx`, or `- nginx: [- version: 1]` with arguments for that name alone. */
function readName(entry: Entry, node: Node, problems: Problems): Name | undefined {
  const word = wordOf(node);
  if (word !== undefined) return { name: word, value: node, args: new Map() };
  // What a template left empty is a name to Salt; the state then has none.
  if (isNull(node) && entry.source.dialect === 'sls') return { name: 'None', value: node, args: new Map() };
  const own = node.kind === 'map' ? node.entries[0] : undefined;
  const { id, source } = entry;
  if (node.kind !== 'map' || own === undefined || (node.entries.length > 1 && source.dialect === 'sls')) {
    problems.add(
      'NAMES_INVALID',
      `Cannot read an entry of 'names' in state '${id}' in SLS '${source.ref}': it is not a name`,
      {
        at: node.at,
        hint: 'Write "- name", or "- name:" with a list of arguments for that name below it',
      },
    );
    return undefined;
  }
  const name = keyText(own.key);
  const args = new Map<string, Argument>();
  for (const item of isNull(own.value) ? [] : itemsOf(own.value)) {
    if (item.kind === 'map') {
      for (const { key, value } of item.entries) args.set(keyText(key), { key: keyText(key), at: key.at, value });
    } else if (!isNull(item)) {
      problems.add(
        'NAMES_INVALID',
        `Cannot read the arguments of name '${name}' in state '${id}' in SLS '${source.ref}': one has no name`,
        {
          at: item.at,
          hint: 'Write "- argument: value"',
        },
      );
    }
  }
  return { name, value: scalar(name, own.key.at), args };
}

/** Beyond every number written: states without an order of their own, `last` and negative numbers go from here. */
function capOf(drafts: readonly Numbered[]): number {
  let cap = 1;
  for (const draft of drafts) {
    const order = writtenOrder(draft);
    if (typeof order === 'number' && Number.isInteger(order) && order > cap - 1) cap = order + 100;
  }
  return cap;
}

function orderOf(draft: Numbered, cap: number): number {
  const written = writtenOrder(draft);
  const base =
    typeof written === 'number' ? written : written === 'last' ? cap + 1_000_000 : written === 'first' ? 0 : cap;
  // A state that an `extend` adds has no number at all, and then neither have its names.
  const order = written === undefined || draft.position === undefined ? base : base + draft.position / 10_000;
  return order < 0 ? cap + 1_000_000 + order : order;
}

function writtenOrder({ args, declaration, entry }: Numbered): number | string | undefined {
  const argument = args.get('order');
  if (argument === undefined) return declaration.autoOrder;
  const { value } = argument;
  // Salt takes a quoted number for a word it does not know, which sorts like a state without an order.
  const text = textOf(value);
  if (text !== undefined) return entry.source.dialect === 'zy' && isDecimal(text) ? Number(text) : text;
  if (value.kind !== 'scalar' || value.value === null || value.value instanceof Bytes) return '';
  return value.value instanceof Float ? value.value.value : Number(value.value);
}

function isDecimal(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

function sortKey({ declaration, name, state }: Numbered): string {
  return `${declaration.module}${name}${state.slice(declaration.module.length + 1)}`;
}

/** By code points, as Python compares text. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
