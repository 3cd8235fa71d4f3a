import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileParentMissing, fileProtected, fileUnknown, machineError } from '../errors.ts';
import { codeOf, type Descriptor, isSame } from './descriptor.ts';
import { coded, translate } from './failure.ts';
import type { Door, Spot } from './reach.ts';
import { replace } from './write.ts';

/** Renames as `Files.rename` promises: what was looked at, and not what somebody put there in between. */
export async function rename(door: Door, from: string, to: string): Promise<void> {
  using source = door.reach(from, { action: 'rename' });
  const moved = source?.entry('rename');
  if (source === undefined || moved === undefined) throw fileUnknown('rename', from);
  using place = door.reach(to, { action: 'rename to' });
  if (place === undefined) throw fileParentMissing('rename to', to);
  for (const spot of [source, place]) if (spot.place === '/') throw fileProtected('rename', spot.asked);
  // In its new place nobody would know any more that a stranger had linked it.
  source.refuseHardLink('rename', moved);
  try {
    renameSync(source.path, place.path);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw translate(error, 'rename to', to);
    // Waited for: what is held open here must stay so until it is done.
    return await moveAcross(source, moved, place);
  }
  if (source.stranger && !isSame(lstatSync(place.path), moved.stat)) {
    coded('rename', from, () => renameSync(place.path, source.path));
    throw source.swapped('rename');
  }
}

async function moveAcross(source: Spot, moved: Descriptor, place: Spot): Promise<void> {
  const { stat } = moved;
  if (!stat.isFile()) {
    throw machineError(
      'FILE_OTHER_DEVICE',
      `Cannot rename "${source.asked}": "${place.asked}" is on another file system`,
      {
        hint: 'Copy it, then remove the old one',
      },
    );
  }
  try {
    const content = await readFile(moved.path);
    await replace(place, 'rename to', { content, mode: stat.mode & 0o7777, owner: { uid: stat.uid, gid: stat.gid } });
    unlinkSync(source.path);
  } catch (error) {
    throw translate(error, 'rename', source.asked);
  }
}
