import type { Place } from '#base/errors.ts';
import type { Argument, Declaration } from './document.ts';
import { inKinds } from './keywords.ts';
import { isNull, keyText, list, type Node, textOf } from './node.ts';
import type { Problems } from './problems.ts';
import type { Source } from './tree.ts';

export interface WrittenState {
  readonly source: Source;
  readonly id: string;
  /** `file.managed`, or the module alone. */
  readonly key: string;
  readonly at: Place;
  readonly value: Node;
}

/** One state below an id: `mod.fun: [...]`, `mod: [..., fun]`, and in a `.zy` file also a map, a word or nothing. */
export function parseDeclaration(state: WrittenState, problems: Problems): Declaration | undefined {
  const { key, at } = state;
  const [module = key, name] = splitName(key, state.source);
  const functions = name === undefined ? [] : [{ name, at }];
  const body = bodyOf(state, problems);
  if (body === undefined) return undefined;
  const args = new Map<string, Argument>();
  for (const item of body.items) {
    const word = textOf(item);
    if (word !== undefined) {
      if (word.trim().includes(' ')) reportWords(state, word, item.at, problems);
      else functions.push({ name: word, at: item.at });
    } else if (item.kind === 'map') {
      readArguments(state, item, args, problems);
    } else if (!isNull(item)) {
      problems.add(
        'ARGUMENT_SHAPE',
        `Cannot read an argument of state '${state.id}' in SLS '${state.source.ref}': it has no name`,
        {
          at: item.at,
          hint: 'Write "- name: value"',
        },
      );
    }
  }
  return { module, functions, args, at };
}

/** `module.function`. Salt passes over what follows a second dot; a `.zy` file is refused for it later. */
export function splitName(key: string, { dialect }: Source): readonly string[] {
  if (dialect === 'sls') return key.split('.');
  const dot = key.indexOf('.');
  return dot < 0 ? [key] : [key.slice(0, dot), key.slice(dot + 1)];
}

function bodyOf(state: WrittenState, problems: Problems): { readonly items: readonly Node[] } | undefined {
  const { source, id, key, at, value } = state;
  if (value.kind === 'list') return value;
  if (source.dialect === 'zy') {
    if (isNull(value) || (value.kind === 'map' && value.entries.length === 0)) return { items: [] };
    if (value.kind === 'map' || textOf(value) !== undefined) return { items: [value] };
  }
  if (isNull(value)) {
    problems.add(
      'STATE_EMPTY',
      `ID '${id}' in SLS '${source.ref}' contains a short declaration (${key}) with a trailing colon. When not passing any arguments to a state, the colon must be omitted.`,
      { at, hint: `Write "${key}: []", or "${id}: ${key}"` },
    );
    return undefined;
  }
  problems.add('STATE_INVALID', `State '${id}' in SLS '${source.ref}' is not formed as a list`, {
    at: value.at,
    hint: 'Write each argument as a list entry: "- name: value"',
  });
  return undefined;
}

/** Each entry of these counts, while any other argument that is written twice is the last one. */
const counted: ReadonlySet<string> = new Set([...inKinds, 'use', 'use_in']);

/** What Salt refuses to share its list entry with; others may stand together in one. */
const aloneInEntry: ReadonlySet<string> = new Set(['require', 'watch', 'prereq', 'onchanges']);

function readArguments(
  state: WrittenState,
  item: Node & { kind: 'map' },
  args: Map<string, Argument>,
  problems: Problems,
) {
  if (item.entries.length === 0) {
    const message = `Multiple dictionaries defined in argument of state '${state.id}' in SLS '${state.source.ref}'`;
    problems.add('ARGUMENT_SHAPE', message, { at: item.at, hint: `Remove the empty entry below "${state.key}"` });
  }
  const [first] = item.entries;
  const mustBeAlone = first !== undefined && aloneInEntry.has(keyText(first.key));
  for (const [index, { key, value }] of item.entries.entries()) {
    const name = keyText(key);
    const earlier = args.get(name);
    args.set(name, {
      key: name,
      at: key.at,
      value: name === 'names' ? together(earlier?.value, value) : value,
      ...(earlier && counted.has(name) ? { earlier } : {}),
      ...(mustBeAlone && index > 0 ? { shares: true } : {}),
    });
  }
}

/** Salt gathers the names of several lists. */
function together(earlier: Node | undefined, value: Node): Node {
  return earlier?.kind === 'list' && value.kind === 'list' ? list([...earlier.items, ...value.items], value.at) : value;
}

function reportWords({ id, key, source }: WrittenState, word: string, at: Place, problems: Problems) {
  problems.add(
    'FUNCTION_INVALID',
    `The function "${word}" in state "${id}" in SLS "${source.ref}" has whitespace, a function with whitespace is not supported, perhaps this is an argument that is missing a ":"`,
    { at, hint: `Write it as an argument of "${key}": "- ${word.trim().replace(/\s+/, ': ')}"` },
  );
}
