import { didYouMean, nearest, type Place } from '#base/errors.ts';
import type { State } from '#kit/state.ts';
import { engineKeywords } from '../keywords.ts';
import { isNull, itemsOf, textOf, wordOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import { type Environments, readText } from '../tree.ts';
import type { Draft } from './names.ts';

export interface UnknownOptions {
  readonly problems: Problems;
  readonly environments: Environments;
}

/** An argument that a state does not have: a name for its template, one for others to use, or refused, and maybe meant for another. */
export type Unknown = 'name' | 'lent' | { readonly meant: string | undefined };

/**
 * Judges an argument that is neither the state's nor the engine's. Salt hands every such argument of a templated file to
 * the template; one that looks like a slip of the pen is only taken for that where the template speaks of it.
 */
export function judgeUnknown(draft: Draft, state: State, key: string, at: Place, options: UnknownOptions): Unknown {
  const fields = state.argumentNames;
  const slip = didYouMean(key, key.length > 3 ? [...fields, ...engineKeywords] : fields);
  if (isRendered(draft, state) && (slip === undefined || speaksOf(draft, key, options.environments))) return 'name';
  if (state.lends && slip === undefined && draft.entry.source.dialect === 'sls') return 'lent';
  options.problems.add('ARGUMENT_UNKNOWN', `'${key}' is an invalid keyword argument for '${draft.state}'`, {
    at,
    hint: slip ?? adviceOn(draft, state, key),
  });
  // What is misspelled was meant all the same: it is not missing, and may be wrong besides.
  return { meant: nearest(key, fields) };
}

/** Whether the state is one whose further arguments go to its template, and has a template and a source to render. */
function isRendered({ args, entry }: Draft, state: State): boolean {
  if (!state.takesTemplateNames || entry.source.dialect !== 'sls') return false;
  const template = args.get('template')?.value;
  return template !== undefined && !isNull(template) && wordOf(template) !== 'False' && sourcesOf(args).length > 0;
}

function speaksOf({ args, entry }: Draft, name: string, environments: Environments): boolean {
  const word = new RegExp(`\\b${name.replace(/\W/g, '\\$&')}\\b`);
  return sourcesOf(args).some((source) => {
    const [, path = '', env = entry.source.env] =
      /^(?:(?:zester|salt):\/\/)?([^?]*)(?:\?saltenv=(.*))?$/s.exec(source) ?? [];
    const tree = environments.get(env);
    const paths = tree?.read(path) === undefined ? (tree?.list(`${path}/`) ?? []) : [path];
    return paths.some((each) => tree !== undefined && word.test(readText(tree, each) ?? ''));
  });
}

/** Where the text comes from: `source`, or for a script its name. */
function sourcesOf(args: Draft['args']): readonly string[] {
  const source = args.get('source') ?? args.get('name');
  return source === undefined ? [] : itemsOf(source.value).flatMap((item) => textOf(item) ?? []);
}

function adviceOn(draft: Draft, state: State, key: string): string {
  const list = `Its arguments are ${Object.keys(state.args.shape).join(', ')}`;
  if (draft.entry.source.dialect !== 'sls') return list;
  const meant = Object.hasOwn(words, key) ? words[key] : undefined;
  if (meant !== undefined && state.argumentNames.has(meant)) return `Write "${meant}": Salt passes over "${key}"`;
  if (state.passesOver(key)) return `Remove it: Salt passes over it without a word. ${list}`;
  return list;
}

/** What public trees write for an argument of another name, too far from it to be told by its letters. */
const words: Readonly<Record<string, string>> = {
  createdirs: 'makedirs',
  dirmode: 'dir_mode',
  file_mode: 'mode',
  if_missing: 'creates',
  perms: 'mode',
  username: 'user',
};
