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
