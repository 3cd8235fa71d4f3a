import { Dict, Float, type Value } from './jinja/values.ts';
import { parseJson } from './json.ts';
import type { SourceMap } from './source-map.ts';
import type { Node, ScalarNode } from './yaml.ts';

/** A JSON text as a document. Throws JSON_SYNTAX. */
export function parseJsonDocument(text: string, map: SourceMap): Node {
  return nodeOf(
    parseJson(text, (offset) => map.at(offset)),
    map,
  );
}

// JSON is written by programs: the place of the document does for all of its parts.
function nodeOf(value: Value, map: SourceMap): Node {
  const at = map.at(0);
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => nodeOf(item, map)) };
  if (value instanceof Dict) {
    const entries = [...value.entries()].map((entry) => ({
      key: scalar(entry.key, map),
      value: nodeOf(entry.value, map),
    }));
    return { kind: 'map', at, entries };
  }
  return scalar(value, map);
}

function scalar(value: Value, map: SourceMap): ScalarNode {
  const plain = value === null || typeof value !== 'object' || value instanceof Float ? value : null;
  return { kind: 'scalar', at: map.at(0), value: plain };
}
