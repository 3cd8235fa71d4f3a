import type { Place } from '#base/errors.ts';
import { ZesterError } from '#base/errors.ts';
import { keyText, plainOf } from '#engine/node.ts';
import { Source } from '#render/source.ts';
import { identityMap } from '#render/source-map.ts';
import { parseYaml } from '#render/yaml.ts';
import type { Groups } from '#target/groups.ts';
import { groupExpression } from '#target/syntax.ts';
import { type Translated, translateTarget } from './rewrite/target.ts';

/** A nodegroup as a Salt master has it. */
export interface SaltGroup {
  readonly name: string;
  readonly at: Place;
  readonly body: string | readonly string[];
  readonly translated: Translated;
}

/** The nodegroups of a Salt master's configuration. Throws `YAML_SYNTAX` and its kind, and `SALT_NODEGROUP_INVALID`. */
export function readSaltGroups(path: string, text: string): readonly SaltGroup[] {
  const root = parseYaml(text, identityMap(new Source(path, text.replaceAll('\r\n', '\n'))));
  const found = root.kind === 'map' ? root.entries.find(({ key }) => keyText(key) === 'nodegroups') : undefined;
  if (found?.value.kind !== 'map') return [];
  return found.value.entries.map(({ key, value }) => {
    const name = keyText(key);
    const body = plainOf(value);
    const isList = Array.isArray(body) && body.every((word): word is string => typeof word === 'string');
    if (typeof body !== 'string' && !isList) {
      throw new ZesterError(
        'source',
        'SALT_NODEGROUP_INVALID',
        `Cannot use the nodegroup "${name}": it is neither a target nor a list`,
        {
          at: key.at,
          hint: 'Write a compound target, or a list of ids',
        },
      );
    }
    return { name, at: key.at, body, translated: translateTarget(groupExpression(body), 'compound') };
  });
}

/** Groups as each of the two ways to read a target knows them. */
export interface DialectGroups {
  readonly salt: Groups;
  readonly native: Groups;
}

/** Of a group that is named and not known, no machine is. */
export function dialectGroups(named: readonly string[], known: readonly SaltGroup[]): DialectGroups {
  const nobody = Object.fromEntries(named.map((name) => [name, ['nobody']]));
  const native = known.flatMap(({ name, translated }) => ('text' in translated ? [[name, translated.text]] : []));
  return {
    salt: { ...nobody, ...Object.fromEntries(known.map(({ name, body }) => [name, body])) },
    native: { ...nobody, ...Object.fromEntries(native) },
  };
}
