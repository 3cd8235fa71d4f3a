import { randomBytes } from 'node:crypto';
import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { fileIsDirectory, fileParentMissing, fileSpecial } from '../errors.ts';
import type { FileOwner } from '../machine.ts';
import { codeOf, type Descriptor, O_NONBLOCK, O_RDWR } from './descriptor.ts';
import { translate } from './failure.ts';
import type { Door, Spot } from './reach.ts';
import { withoutSetId } from './trust.ts';

export interface Replacement {
  readonly content: Uint8Array;
  readonly mode: number;
  /** Left as the system makes it, when nothing is said. */
  readonly owner: FileOwner;
}

/** Writes a file as `Files.write` promises. */
export async function writeFile(
  door: Door,
  path: string,
  content: Uint8Array,
  { mode, owner = {} }: { readonly mode?: number; readonly owner?: FileOwner },
): Promise<void> {
  const action = 'write';
  using spot = door.reach(path, { action, follow: true });
  if (spot === undefined) throw fileParentMissing(action, path);
  const before = spot.entry(action)?.stat;
  if (before?.isDirectory()) throw fileIsDirectory(action, path);
  if (before !== undefined && !before.isFile()) throw fileSpecial(action, path);
  const [uid, gid] = [owner.uid ?? before?.uid, owner.gid ?? before?.gid];
  const changesHands = before !== undefined && (uid !== before.uid || gid !== before.gid);
  const kept = before && (changesHands ? withoutSetId(before.mode) : before.mode);
  await replace(spot, action, {
    content,
    mode: mode ?? (kept ?? 0o644) & 0o7777,
    owner: { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
  });
}

/** Writes beside, then renames: readers see the old content or the new, and never a file that is open to too many. */
export async function replace(spot: Spot, action: string, replacement: Replacement): Promise<void> {
  const beside = spot.beside(unpredictable());
  try {
    // Exclusive: nothing that is there, and no link, is taken for it.
    const handle = await fs.open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(replacement.content);
      settle(handle.fd, replacement);
      // Without it a crash may leave the new name with no content on some file systems.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(beside, spot.path);
  } catch (error) {
    await fs.rm(beside, { force: true }).catch(() => {});
    const present = spot.entry(action);
    if (codeOf(error) !== 'EBUSY' || present === undefined) throw translate(error, action, spot.asked);
    await writeInPlace(spot, action, present, replacement);
  }
}

/** A file that is itself a mount point, such as /etc/hosts in a container, can only be written in place. */
async function writeInPlace(spot: Spot, action: string, present: Descriptor, replacement: Replacement): Promise<void> {
  spot.refuseHardLink(action, present);
  try {
    const handle = await fs.open(present.path, O_RDWR | O_NONBLOCK);
    try {
      // Before the content: it is never open to more than it may be in the end.
      settle(handle.fd, replacement);
      await handle.truncate(0);
      await handle.writeFile(replacement.content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw translate(error, action, spot.asked);
  }
}

/** The owner first: the kernel clears the bits for running as the owner when it changes. */
function settle(descriptor: number, { mode, owner }: Replacement): void {
  const stat = fstatSync(descriptor);
  const [uid, gid] = [owner.uid ?? stat.uid, owner.gid ?? stat.gid];
  if (uid !== stat.uid || gid !== stat.gid) fchownSync(descriptor, uid, gid);
  fchmodSync(descriptor, mode);
}

/** A name that nobody can have put something at before. */
export function unpredictable(): string {
  return `.zester-${randomBytes(12).toString('hex')}`;
}
