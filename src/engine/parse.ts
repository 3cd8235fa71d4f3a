import type { Place } from '#base/errors.ts';
import type { Declaration, Document, Entry, Exclusion, Include } from './document.ts';
import { isNull, itemsOf, keyText, type MapNode, type Node, textOf, typeName } from './node.ts';
import { parseDeclaration, splitName } from './parse-declaration.ts';
import type { Problems } from './problems.ts';
import type { Source } from './tree.ts';

export function parse(source: Source, root: Node, problems: Problems): Document {
  const document = { source, includes: [], entries: [], extensions: [], exclusions: [] };
  if (isNull(root)) return document;
  if (root.kind !== 'map') {
    problems.add('DOCUMENT_INVALID', `SLS ${source.ref} does not render to a dictionary`, {
      at: root.at,
      hint: 'Write state ids as keys, each with its states below it',
    });
    return document;
  }
  const part = (name: string) => {
    const entry = root.entries.find(({ key }) => key.value === name);
    // What is missing is shown where it is missed: at the key.
    return entry && isNull(entry.value) ? { ...entry.value, at: entry.key.at } : entry?.value;
  };
  const states = root.entries.filter(({ key }) => !['include', 'extend', 'exclude'].includes(String(key.value)));
  return {
    source,
    includes: parseIncludes(source, part('include'), problems),
    entries: parseEntries(source, states, problems),
    extensions: parseExtensions(source, part('extend'), problems),
    exclusions: parseExclusions(source, part('exclude'), problems),
  };
}

function parseIncludes(source: Source, node: Node | undefined, problems: Problems): Include[] {
  if (node === undefined || (source.dialect === 'zy' && isNull(node))) return [];
  if (node.kind !== 'list' && !(source.dialect === 'zy' && textOf(node))) {
    problems.add('INCLUDE_INVALID', `Include Declaration in SLS ${source.ref} is not formed as a list`, {
      at: node.at,
      hint: 'Write each included reference as a list entry: "- common.users"',
    });
    return [];
  }
  return itemsOf(node).flatMap((item) => {
    const inner = item.kind === 'map' && item.entries.length === 1 ? item.entries[0] : undefined;
    const ref = textOf(inner?.value ?? item);
    if (ref !== undefined) return [{ ref, env: inner && keyText(inner.key), at: item.at }];
    problems.add('INCLUDE_INVALID', `Cannot read an include in SLS ${source.ref}: it is not a reference`, {
      at: item.at,
      hint: 'Write "- web.config", or "- dev: web.config" for another environment',
    });
    return [];
  });
}

function parseEntries(source: Source, states: MapNode['entries'], problems: Problems): Entry[] {
  return states.flatMap(({ key, value }) => {
    const id = keyText(key);
    if (typeof key.value !== 'string') {
      problems.add(
        'ID_INVALID',
        `ID '${id}' in SLS '${source.ref}' is not formed as a string, but is a ${typeName(key)}. It may need to be quoted.`,
        { at: key.at, hint: `Write '${id}' in quotes` },
      );
      return [];
    }
    if (id.startsWith('__')) return [];
    const before = problems.count;
    const declarations = parseBody(source, id, key.at, value, problems);
    if (problems.count > before) problems.brokenIds.add(id);
    return [{ id, at: key.at, source, declarations }];
  });
}

/** What stands below an id: a map of states, or the short form `id: mod.fun`. */
function parseBody(source: Source, id: string, at: Place, body: Node, problems: Problems): readonly Declaration[] {
  const short = textOf(body);
  const [module, name] = short === undefined ? [] : splitName(short, source);
  if (short && module && name) return [{ module, functions: [{ name, at: body.at }], args: new Map(), at: body.at }];
  if (body.kind !== 'map') {
    problems.add('STATE_INVALID', `ID ${id} in SLS ${source.ref} is not a dictionary`, {
      at: isNull(body) ? at : body.at,
      hint: 'Write a state below the id, such as "pkg.installed: []", or the short form "id: pkg.installed"',
    });
    return [];
  }
  const declarations: Declaration[] = [];
  for (const { key, value } of source.dialect === 'sls' ? undottedFirst(body.entries) : body.entries) {
    if (typeof key.value !== 'string') {
      problems.add('STATE_INVALID', `Cannot read "${keyText(key)}" below ID '${id}': a state's name must be text`, {
        at: key.at,
        hint: 'Write a state as "module.function"',
      });
      continue;
    }
    if (key.value.startsWith('__')) continue;
    const declaration = parseDeclaration({ source, id, key: key.value, at: key.at, value }, problems);
    if (declaration === undefined) continue;
    if (source.dialect === 'sls' && declarations.some((each) => each.module === declaration.module)) {
      problems.add(
        'STATE_DUPLICATE',
        `ID '${id}' in SLS '${source.ref}' contains multiple state declarations of the same type`,
        { at: key.at, hint: `Give the second "${declaration.module}" state an id of its own` },
      );
      continue;
    }
    declarations.push(declaration);
  }
  return declarations;
}

/** Salt puts `pkg.installed` in its place behind all that is written `pkg`, with the function among its arguments. */
function undottedFirst(entries: MapNode['entries']): MapNode['entries'] {
  const isDotted = ({ key }: MapNode['entries'][number]) => typeof key.value === 'string' && key.value.includes('.');
  return [...entries.filter((entry) => !isDotted(entry)), ...entries.filter(isDotted)];
}

function parseExtensions(source: Source, node: Node | undefined, problems: Problems): Entry[] {
  if (node === undefined) return [];
  if (node.kind !== 'map') {
    problems.add('EXTEND_INVALID', `Extension value in SLS '${source.ref}' is not a dictionary`, {
      at: node.at,
      hint: 'Write the extended ids as keys below "extend"',
    });
    return [];
  }
  return node.entries.flatMap(({ key, value }) => {
    const id = keyText(key);
    if (value.kind === 'map') {
      return [{ id, at: key.at, source, declarations: parseBody(source, id, key.at, value, problems) }];
    }
    problems.add('EXTEND_INVALID', `Extension name '${id}' in SLS '${source.ref}' is not a dictionary`, {
      at: key.at,
      hint: 'Write the extended state below the id, with a list of arguments',
    });
    return [];
  });
}

function parseExclusions(source: Source, node: Node | undefined, problems: Problems): Exclusion[] {
  if (node === undefined) return [];
  if (node.kind !== 'list') {
    problems.add('EXCLUDE_INVALID', `Exclude Declaration in SLS ${source.ref} is not formed as a list`, {
      at: node.at,
      hint: 'Write "- web.config" for a file, or "- id: name" for one id',
    });
    return [];
  }
  return node.items.flatMap((item) => {
    const bare = textOf(item);
    if (bare !== undefined) return [{ kind: 'sls' as const, pattern: bare }];
    const inner = item.kind === 'map' && item.entries.length === 1 ? item.entries[0] : undefined;
    const kind = inner && keyText(inner.key);
    const pattern = inner && textOf(inner.value);
    if ((kind === 'sls' || kind === 'id') && pattern !== undefined) return [{ kind, pattern }];
    problems.add(
      'EXCLUDE_INVALID',
      `Cannot read an entry of "exclude" in SLS ${source.ref}: it names neither a file nor an id`,
      {
        at: item.at,
        hint: 'Write "- web.config" for a file, or "- id: name" for one id',
      },
    );
    return [];
  });
}
