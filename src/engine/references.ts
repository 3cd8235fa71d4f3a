import type { Place } from '#base/errors.ts';
import type { Argument } from './document.ts';
import { requisiteKinds } from './keywords.ts';
import { isNull, itemsOf, keyText, type Node, textOf, wordOf } from './node.ts';
import type { Problems } from './problems.ts';
import type { Dialect } from './tree.ts';

/** One target of a requisite, as written. */
export interface Reference {
  /** `sls` means every state of a file; otherwise a state by id or name. */
  readonly kind: 'state' | 'sls';
  /** Undefined matches every module. */
  readonly module: string | undefined;
  /** Only in the native form `file.managed:id`. */
  readonly function: string | undefined;
  /** A glob over ids and names, or over file references. */
  readonly pattern: string;
  readonly at: Place;
  /** As messages show it: `file: /etc/app.conf`. */
  readonly text: string;
}

export interface ReferenceOwner {
  readonly id: string;
  readonly module: string;
  readonly ref: string;
  readonly dialect: Dialect;
  /** As Salt 3006: the surplus keys of an entry are passed over without a word. */
  readonly late?: boolean;
}

/** What Salt refuses unless it is a list. */
const listedBySalt: ReadonlySet<string> = new Set(['require', 'watch', 'prereq', 'onchanges']);

const native = /^([A-Za-z_]\w*)\.([A-Za-z_]\w*):(.+)$/s;

/** The references of one requisite argument. A `.zy` file may write a single one without a list. */
export function readReferences(argument: Argument, owner: ReferenceOwner, problems?: Problems): readonly Reference[] {
  const { key, value } = argument;
  // A template may have nothing to list. Salt wants a list of some of them all the same.
  if (isNull(value) && (owner.dialect === 'zy' || !listedBySalt.has(key))) return [];
  if (value.kind !== 'list' && owner.dialect === 'sls') {
    // The `_in` forms may also be written as a map.
    if (value.kind === 'map' && key.includes('_in'))
      return value.entries.flatMap((entry) => readPair(entry, argument, owner, problems));
    problems?.add(
      'REQUISITE_INVALID',
      `The ${key} statement in state '${owner.id}' in SLS '${owner.ref}' needs to be formed as a list`,
      {
        at: isNull(value) ? argument.at : value.at,
        hint: `Write each as a list entry: "- file: id"`,
      },
    );
    return [];
  }
  return itemsOf(value).flatMap((item) => readReference(item, argument, owner, problems));
}

function readReference(
  item: Node,
  argument: Argument,
  owner: ReferenceOwner,
  problems?: Problems,
): readonly Reference[] {
  const bare = textOf(item);
  if (bare !== undefined) return [readBare(bare, item.at, owner)];
  const entries = item.kind === 'map' ? item.entries : [];
  const [first, ...others] = entries;
  const surplus = owner.dialect === 'sls' ? others : [];
  if (first === undefined || (surplus.length > 0 && !owner.late)) {
    problems?.add(
      'REQUISITE_INVALID',
      `Requisite declaration ${described(item)} in SLS ${owner.ref} is not formed as a single key dictionary`,
      { at: item.at, hint: `Write each entry of "${argument.key}" as "- module: id"` },
    );
  }
  return entries
    .slice(0, entries.length - surplus.length)
    .flatMap((entry) => readPair(entry, argument, owner, problems));
}

function readBare(text: string, at: Place, { dialect }: ReferenceOwner): Reference {
  const [, module, name, id] = (dialect === 'zy' && native.exec(text)) || [];
  if (module && name && id) return { kind: 'state', module, function: name, pattern: id, at, text };
  return { kind: 'state', module: undefined, function: undefined, pattern: text, at, text: `id: ${text}` };
}

function readPair(
  { key, value }: { readonly key: Node & { kind: 'scalar' }; readonly value: Node },
  argument: Argument,
  owner: ReferenceOwner,
  problems?: Problems,
): readonly Reference[] {
  const name = keyText(key);
  const pattern = textOf(value) ?? (owner.dialect === 'zy' ? wordOf(value) : undefined);
  if (pattern === undefined) {
    const message =
      value.kind === 'scalar'
        ? `Could not locate requisite of [${name}] present in state with name [${owner.id}]: it is not text`
        : `Illegal requisite "${described(value)}", please check your syntax.`;
    problems?.add('REQUISITE_INVALID', message, {
      at: isNull(value) ? key.at : value.at,
      hint: `Write an id, in quotes if need be: "- ${name}: id"`,
    });
    return [];
  }
  const [module = name, functionName] = name.split('.');
  if (functionName !== undefined && owner.dialect === 'sls') {
    problems?.add('REQUISITE_INVALID', dottedMessage(name, module, pattern, argument.key, owner), {
      at: key.at,
      hint: `Write "${module}: ${pattern}"`,
    });
  }
  const kind = name === 'sls' ? 'sls' : 'state';
  const anyModule = kind === 'sls' || (name === 'id' && takesId(argument.key, owner));
  return [
    {
      kind,
      module: anyModule ? undefined : module,
      function: functionName,
      pattern,
      at: key.at,
      text: `${name}: ${pattern}`,
    },
  ];
}

/** `id: x` is a state of any module, but Salt reads it so only where it orders states; elsewhere `id` is a module too. */
function takesId(keyword: string, { dialect }: ReferenceOwner): boolean {
  return dialect === 'zy' || (requisiteKinds as readonly string[]).includes(keyword);
}

function dottedMessage(name: string, module: string, pattern: string, keyword: string, owner: ReferenceOwner): string {
  if (!keyword.endsWith('_in') && keyword !== 'use') {
    return `Invalid requisite type '${name}' in state '${owner.id}', in SLS '${owner.ref}'. Requisite types must not contain dots, did you mean '${module}'?`;
  }
  const kind = keyword.split('_')[0];
  return `Invalid requisite in ${kind}: ${name} for ${pattern}, in SLS '${owner.ref}'. Requisites must not contain dots, did you mean '${module}'?`;
}

function described(node: Node): string {
  if (node.kind === 'map')
    return `{${node.entries.map(({ key, value }) => `'${keyText(key)}': ${described(value)}`).join(', ')}}`;
  if (node.kind === 'list') return `[${node.items.map(described).join(', ')}]`;
  return textOf(node) === undefined ? (wordOf(node) ?? 'None') : `'${textOf(node)}'`;
}
