import { removeParents, walkTree } from '#kit/abilities/places.ts';
import { type ContentNote, sameContent, sha256 } from '#kit/content.ts';
import { modeText, parseMode } from '#kit/types.ts';
import { fileSpecial, fileUnknown } from '#machine/errors.ts';
import { withoutSetId } from '#machine/files/trust.ts';
import type { FileOwner, FileStat, Files } from '#machine/machine.ts';

/** What is at a path of a tree to copy: a directory, a symlink as it is written, or a file with a note of its content. */
export type CopiedEntry =
  | { readonly directory: string }
  | { readonly target: string }
  | (ContentNote & { readonly mode: string });

/** Path below the folder → what is there. Refuses devices, sockets and pipes. */
export async function copiedEntries(files: Files, folder: string): Promise<Readonly<Record<string, CopiedEntry>>> {
  const found: Record<string, CopiedEntry> = {};
  for (const [path, stat] of await walkTree(files, folder)) {
    found[path.slice(folder.length + 1)] = await entryOf(files, path, stat);
  }
  return found;
}

/** Puts the entries of one folder into another, which is there. Throws `CONTENT_MOVED` when a file is not what was planned. */
export async function putEntries(
  files: Files,
  { from, to, owner }: { readonly from: string; readonly to: string; readonly owner?: FileOwner | undefined },
  entries: Readonly<Record<string, CopiedEntry>>,
): Promise<void> {
  for (const [name, entry] of Object.entries(entries)) {
    const path = `${to}/${name}`;
    const options = owner === undefined ? {} : { owner };
    if ('target' in entry) await files.link(path, entry.target, options);
    else if ('directory' in entry) await files.makeDirectory(path, { ...options, mode: parseMode(entry.directory) });
    else {
      const content = await sameContent(entry, () => files.read(`${from}/${name}`));
      await files.write(path, content, { ...options, mode: parseMode(entry.mode) });
    }
  }
}

/** Takes the entries away again, and directories that nothing else has come into. */
export async function dropEntries(
  files: Files,
  folder: string,
  entries: Readonly<Record<string, CopiedEntry>>,
): Promise<void> {
  const paths = Object.entries(entries).map(([name, entry]) => ({ path: `${folder}/${name}`, entry }));
  for (const { path, entry } of paths) if (!('directory' in entry)) await files.remove(path);
  const folders = paths.filter(({ entry }) => 'directory' in entry).map(({ path }) => path);
  for (const each of [folder, ...folders].toReversed()) await removeParents(files, [each]);
}

async function entryOf(files: Files, path: string, stat: FileStat): Promise<CopiedEntry> {
  if (stat.kind === 'other') throw fileSpecial('copy', path);
  if (stat.kind === 'directory') return { directory: modeText(stat.mode) };
  if (stat.target !== undefined) return { target: stat.target };
  const bytes = await files.read(path);
  if (bytes === undefined) throw fileUnknown('copy', path);
  // All that is copied has one owner in the end: nobody else has chosen that it runs as that one.
  return { sha256: sha256(bytes), bytes: bytes.length, mode: modeText(withoutSetId(stat.mode)) };
}
