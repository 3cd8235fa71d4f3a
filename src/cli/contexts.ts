import { dirname } from 'node:path';
import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Contexts } from './config.ts';
import { findText, makeFolder, rewrite } from './files.ts';

export interface ContextRow {
  readonly name: string;
  readonly servers: readonly string[];
  readonly creds: string | undefined;
  readonly ca: string | undefined;
  /** Whether it is the one that is asked for now. */
  readonly current: boolean;
}

export interface NewContext {
  readonly servers: readonly string[];
  readonly creds: string;
  readonly ca: string;
}

export function contextRows({ contexts, current }: Contexts): readonly ContextRow[] {
  return Object.entries(contexts)
    .map(([name, written]) => rowOf(name, written, name === current))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function rowOf(name: string, written: unknown, current: boolean): ContextRow {
  const { servers = [], creds, ca } = (written ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown) => (value === undefined ? undefined : String(value));
  return { name, servers: [servers].flat().map(String), creds: text(creds), ca: text(ca), current };
}

/** Writes which context counts; every other byte of the file stays. Throws `CONTEXT_MISSING`, `FILE_UNWRITABLE`. */
export async function useContext(name: string, known: Contexts): Promise<void> {
  requireContext(name, known);
  const { isMap, isScalar, parseDocument, stringify } = await import('yaml');
  const text = findText(known.file) ?? '';
  const { contents } = parseDocument(text);
  const written = isMap(contents)
    ? contents.items.find(({ key }) => isScalar(key) && key.value === 'context')?.value
    : undefined;
  const [start, end] = (written as { range?: [number, number] } | undefined)?.range ?? [];
  const value = stringify(name).trim();
  makeFolder(dirname(known.file));
  rewrite(
    known.file,
    start === undefined ? `context: ${value}\n${text}` : `${text.slice(0, start)}${value}${text.slice(end)}`,
  );
}

/**
 * Adds a context to the file, with its comments kept, and makes it the one that counts when none is chosen there.
 * Returns whether it counts now. Throws `CONTEXT_EXISTS`, `FILE_UNWRITABLE`.
 */
export async function addContext(name: string, context: NewContext, known: Contexts): Promise<boolean> {
  refuseContext(name, known);
  const { isMap, parseDocument } = await import('yaml');
  const document = parseDocument(findText(known.file) ?? '');
  if (!isMap(document.get('contexts'))) document.set('contexts', document.createNode({}));
  document.setIn(['contexts', name], document.createNode(context));
  const isChosen = known.current === undefined;
  if (isChosen) document.set('context', name);
  makeFolder(dirname(known.file));
  rewrite(known.file, document.toString({ lineWidth: 0 }));
  return isChosen && known.overruledBy === undefined;
}

/** Throws `CONTEXT_EXISTS` for a name that is taken. */
export function refuseContext(name: string, { contexts, file }: Contexts): void {
  if (!Object.hasOwn(contexts, name)) return;
  throw new ZesterError('usage', 'CONTEXT_EXISTS', `Cannot add the context "${name}": "${file}" has one of that name`, {
    hint: 'Choose another name for the environment with --environment, or remove the context from the file',
  });
}

export function requireContext(name: string, { contexts, file }: Contexts): void {
  const names = Object.keys(contexts);
  if (names.includes(name)) return;
  throw new ZesterError(
    'usage',
    'CONTEXT_MISSING',
    `Cannot use the context "${name}": "${file}" has none of that name`,
    {
      hint:
        didYouMean(name, names) ??
        (names.length === 0 ? 'Write it there, as "zester help contexts" shows' : `It has ${names.join(', ')}`),
    },
  );
}
