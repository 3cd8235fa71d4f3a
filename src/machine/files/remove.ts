import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { machineError } from '../errors.ts';
import { at, codeOf, type Descriptor, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, open } from './descriptor.ts';
import { translate } from './failure.ts';
import type { Spot } from './reach.ts';

/** Each directory may be filled again while it is emptied, or be replaced by a link: so often that is looked at anew. */
const tries = 8;

/** So many names are removed before others in this process may go on. */
const batch = 200;

/** Removes what a name stands for, with all that is in it. It goes into directories it holds open, never by a path. */
export async function removeSpot(spot: Spot): Promise<void> {
  try {
    await removeFrom(spot.folder, spot.name, { removed: 0 });
  } catch (error) {
    throw translate(error, 'remove', spot.asked);
  }
}

async function removeFrom(folder: Descriptor, name: string, progress: { removed: number }): Promise<void> {
  const path = at(folder.number, name);
  for (let each = 0; each < tries; each++) {
    if (!isDirectoryLeft(() => unlinkSync(path))) return;
    using inner = openDirectory(path);
    if (inner === undefined) continue;
    for (const child of readdirSync(inner.path)) {
      const childPath = at(inner.number, child);
      if (isDirectoryLeft(() => unlinkSync(childPath))) await removeFrom(inner, child, progress);
      if (++progress.removed % batch === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (!isDirectoryLeft(() => rmdirSync(path))) return;
  }
  throw machineError('FILE_BUSY', `Cannot remove "${name}": somebody keeps putting something in its place`, {
    hint: 'Stop what writes there, then try again',
  });
}

/** What a call could not remove since it is a directory, is filled, or is none any more; false when it is gone. */
function isDirectoryLeft(remove: () => void): boolean {
  try {
    remove();
    return false;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return false;
    if (['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) return true;
    throw error;
  }
}

/** Undefined when it is no directory any more. */
function openDirectory(path: string): Descriptor | undefined {
  try {
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
