import { placeText, ZesterError } from '#base/errors.ts';
import { str } from '../jinja/print.ts';
import { type Key, keyOf } from '../jinja/values.ts';
import type { SourceMap } from '../source-map.ts';
import type { RawNode, RawPair } from './compose.ts';
import { yamlError } from './cursor.ts';
import type { Entry, Node, ScalarNode } from './node.ts';
import { constructScalar, resolvePlain, type ScalarTag } from './resolve.ts';

const mergeHint = 'Write "<<: *name", the alias of a map';
const prefix = 'tag:yaml.org,2002:';
const scalarTags: ReadonlySet<string> = new Set<ScalarTag>([
  'null',
  'bool',
  'int',
  'float',
  'timestamp',
  'str',
  'merge',
  'value',
  'binary',
]);

/** A document with types and places. Throws YAML_SYNTAX, YAML_KEY_TAKEN, YAML_TAG_UNKNOWN. */
export function construct(root: RawNode, map: SourceMap): Node {
  const node = new Constructor(map).node(root);
  const tooLarge = findTooLarge(node, new Map());
  if (tooLarge) throw aliasesTooLarge(tooLarge);
  return node;
}

// A few lines of aliases to aliases can stand for more nodes than there is memory, once something writes them out.
const largestDocument = 5_000_000;

/** The first part that is too large while none of its own parts is. */
function findTooLarge(node: Node, known: Map<Node, number>): Node | undefined {
  if (sizeOf(node, known) <= largestDocument) return undefined;
  for (const child of childrenOf(node)) {
    const found = findTooLarge(child, known);
    if (found) return found;
  }
  return node;
}

function aliasesTooLarge({ at }: Node): ZesterError {
  const message = `Cannot read "${at.file}" as YAML: its aliases stand for too much`;
  return new ZesterError('source', 'YAML_SYNTAX', message, {
    at,
    hint: 'Use fewer aliases of what has aliases itself',
  });
}

function childrenOf(node: Node): readonly Node[] {
  if (node.kind === 'scalar') return [];
  return node.kind === 'list' ? node.items : node.entries.map(({ value }) => value);
}

/** How many nodes a document has when every alias is written out. */
function sizeOf(node: Node, known: Map<Node, number>): number {
  if (node.kind === 'scalar') return 1;
  const before = known.get(node);
  if (before !== undefined) return before;
  const size = childrenOf(node).reduce((total, child) => total + sizeOf(child, known), 1);
  known.set(node, size);
  return size;
}

class Constructor {
  readonly #map: SourceMap;
  /** An alias means the very same node. */
  readonly #made = new Map<RawNode, Node>();
  readonly #flattened = new Set<RawNode>();

  constructor(map: SourceMap) {
    this.#map = map;
  }

  node(raw: RawNode): Node {
    const known = this.#made.get(raw);
    if (known !== undefined) return known;
    const made = this.#make(raw);
    this.#made.set(raw, made);
    return made;
  }

  #make(raw: RawNode): Node {
    if (raw.kind === 'scalar') return this.#scalar(raw);
    const tag = typeOf(raw);
    const at = this.#map.at(raw.at);
    if (raw.kind === 'list') {
      if (tag === 'pairs') return { kind: 'list', at, items: raw.items.map((item) => this.#pair(item)) };
      if (tag !== undefined && tag !== 'seq') throw this.#unknownTag(raw);
      return { kind: 'list', at, items: raw.items.map((item) => this.node(item)) };
    }
    if (tag !== undefined && tag !== 'map' && tag !== 'omap') throw this.#unknownTag(raw);
    this.#flatten(raw);
    return { kind: 'map', at, entries: this.#entries(raw.pairs, raw.at) };
  }

  /** One item of `!!pairs`: a map of one pair, read as a list of its key and its value. */
  #pair(raw: RawNode): Node {
    const [pair, ...others] = raw.kind === 'map' ? raw.pairs : [];
    if (pair === undefined || others.length > 0)
      throw yamlError('expected a mapping of length 1', this.#map, raw.at, 'Write each item as "- key: value"');
    return { kind: 'list', at: this.#map.at(raw.at), items: [this.node(pair.key), this.node(pair.value)] };
  }

  #scalar(raw: Extract<RawNode, { kind: 'scalar' }>): ScalarNode {
    const tag = this.#scalarTag(raw);
    const value = constructScalar(tag, raw.text);
    if (value === undefined) {
      if (tag === 'merge' || tag === 'value') throw this.#unknownTag(raw, tag);
      throw yamlError(
        `"${raw.text}" is not a value of type ${tag}`,
        this.#map,
        raw.at,
        'Remove the tag, or change the value',
      );
    }
    return { kind: 'scalar', at: this.#map.at(raw.at), value };
  }

  #scalarTag(raw: Extract<RawNode, { kind: 'scalar' }>): ScalarTag {
    const tag = typeOf(raw);
    if (tag === undefined) return raw.plain ? resolvePlain(raw.text) : 'str';
    if (tag === 'python/unicode') return 'str';
    if (!isScalarTag(tag)) throw this.#unknownTag(raw);
    return tag;
  }

  #unknownTag(raw: RawNode, implicit?: ScalarTag): ZesterError {
    const tag = raw.tag?.name ?? `${prefix}${implicit}`;
    const at = this.#map.at(raw.tag?.at ?? raw.at);
    const text = raw.kind === 'scalar' ? raw.text : '';
    return new ZesterError(
      'source',
      'YAML_TAG_UNKNOWN',
      `Cannot read "${at.file}" as YAML: could not determine a constructor for the tag '${tag}'`,
      {
        at,
        hint:
          implicit === undefined ? 'Remove the tag, or quote a text that begins with "!"' : `Quote the text "${text}"`,
      },
    );
  }

  /** Replaces `<<` by the pairs it stands for, before the map's own, which win. */
  #flatten(raw: Extract<RawNode, { kind: 'map' }>): void {
    if (this.#flattened.has(raw)) return;
    this.#flattened.add(raw);
    const isMerge = ({ key }: RawPair): boolean => key.kind === 'scalar' && this.#isImplicitOr(key, 'merge');
    const merges = raw.pairs.filter(isMerge);
    if (merges.length === 0) return;
    const own = raw.pairs.filter((pair) => !isMerge(pair));
    const names = new Set(own.map(({ key }) => rawText(key)));
    const merged = merges
      .flatMap(({ value }) => this.#mergedPairs(value))
      .filter(({ key }) => !names.has(rawText(key)));
    raw.pairs.splice(0, raw.pairs.length, ...merged, ...own);
  }

  #isImplicitOr(key: Extract<RawNode, { kind: 'scalar' }>, wanted: ScalarTag): boolean {
    const tag = typeOf(key);
    return tag === undefined ? key.plain && resolvePlain(key.text) === wanted : tag === wanted;
  }

  #mergedPairs(value: RawNode): RawPair[] {
    if (value.kind === 'map') {
      this.#flatten(value);
      return value.pairs;
    }
    if (value.kind === 'list') {
      return value.items.toReversed().flatMap((item) => {
        if (item.kind === 'map') return this.#mergedPairs(item);
        throw yamlError('expected a mapping for merging', this.#map, item.at, mergeHint);
      });
    }
    throw yamlError(
      'expected a mapping or list of mappings for merging, but found scalar',
      this.#map,
      value.at,
      mergeHint,
    );
  }

  #entries(pairs: readonly RawPair[], start: number): Entry[] {
    const known = new Map<Key, ScalarNode>();
    return pairs.map(({ key: rawKey, value: rawValue }) => {
      const key = this.#key(rawKey, start);
      const id = keyOf(key.value);
      const first = known.get(id);
      if (first !== undefined) throw keyTaken(first, key);
      known.set(id, key);
      return { key, value: this.node(rawValue) };
    });
  }

  #key(raw: RawNode, start: number): ScalarNode {
    // As a key, a lone "=" is a text.
    if (raw.kind === 'scalar' && this.#isImplicitOr(raw, 'value')) {
      return { kind: 'scalar', at: this.#map.at(raw.at), value: raw.text };
    }
    const key = this.node(raw);
    if (key.kind === 'scalar') return key;
    const hint =
      raw.kind === 'map'
        ? 'Quote it: a template expression that was not rendered, "{{ … }}", looks like a map in a map'
        : 'Write a text as the key';
    throw yamlError('found unacceptable key: a list or a map cannot be one', this.#map, raw.at ?? start, hint);
  }
}

function keyTaken(first: ScalarNode, second: ScalarNode): ZesterError {
  const name = str(second.value);
  return new ZesterError(
    'source',
    'YAML_KEY_TAKEN',
    `Cannot read "${second.at.file}" as YAML: found conflicting ID '${name}', which is first at ${placeText(first.at)}`,
    {
      at: second.at,
      hint:
        placeText(first.at) === placeText(second.at)
          ? 'A loop or macro writes it twice: give each its own name'
          : 'Rename one of the two keys, or put their values together',
    },
  );
}

/** What the tag says, when it says something: a lone "!" does not. The name of a tag that is not YAML's own stays whole. */
function typeOf({ tag }: RawNode): string | undefined {
  if (tag === undefined || tag.name === '!') return undefined;
  return tag.name.startsWith(prefix) ? tag.name.slice(prefix.length) : `<${tag.name}>`;
}

function isScalarTag(tag: string): tag is ScalarTag {
  return scalarTags.has(tag);
}

function rawText(node: RawNode): string | RawNode {
  return node.kind === 'scalar' ? node.text : node;
}
