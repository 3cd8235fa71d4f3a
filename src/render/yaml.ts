import type { SourceMap } from './source-map.ts';
import { compose } from './yaml/compose.ts';
import { construct } from './yaml/construct.ts';
import type { Node } from './yaml/node.ts';

export { type DumpOptions, dumpYaml, quoteDouble, quoteSingle } from './yaml/dump.ts';
export type { Entry, ListNode, MapNode, Node, Scalar, ScalarNode } from './yaml/node.ts';
export { type Plain, plain, toValue } from './yaml/plain.ts';

/**
 * Reads one YAML document as Salt does: YAML 1.1 by PyYAML's rules, `0644` as 644, dates as texts, no custom tags.
 * An empty text is null. Throws YAML_SYNTAX, YAML_KEY_TAKEN and YAML_TAG_UNKNOWN, with places from the map.
 */
export function parseYaml(text: string, map: SourceMap): Node {
  const root = compose(text, map);
  return root === undefined ? { kind: 'scalar', at: map.at(0), value: null } : construct(root, map);
}
