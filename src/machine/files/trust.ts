/**
 * Who may put what where: the rules by which the door follows a symbolic link and touches a file. Pure, so that the
 * fake machine keeps them too.
 */

export interface Owned {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** With its number of names: hard links are told by it. */
export interface Named extends Owned {
  readonly nlink: number;
}

/** Who acts: what belongs to it, or to root, was put there by somebody who could do the same by himself. */
export interface Self {
  readonly uid: number;
  readonly gid: number;
}

/** Somebody who is neither root nor the one who acts. */
export type Stranger =
  | { readonly kind: 'user'; readonly id: number }
  | { readonly kind: 'group'; readonly id: number }
  | { readonly kind: 'everybody' };

const stickyBit = 0o1000;

/** Who beside root and oneself may put things into a directory; an access list shows in the bits of its group. */
export function strangerIn(directory: Owned, self: Self): Stranger | undefined {
  if (isForeign(directory, self)) return { kind: 'user', id: directory.uid };
  if (directory.mode & 0o002) return { kind: 'everybody' };
  // The group of root has members on many systems; a plain user's own group is, by custom, that user's alone.
  const isOwnGroup = self.uid !== 0 && directory.gid === self.gid;
  return directory.mode & 0o020 && !isOwnGroup ? { kind: 'group', id: directory.gid } : undefined;
}

/** Who may have placed a symbolic link; undefined when only root and oneself can have, and it may be followed. */
export function strangerBehind(link: Named, directory: Owned, self: Self): Stranger | undefined {
  if (isForeign(link, self)) return { kind: 'user', id: link.uid };
  // In a folder such as /tmp nobody can move what is root's, but a second name for it can be made there.
  const isKept = (directory.mode & stickyBit) !== 0 && !isForeign(directory, self) && link.nlink === 1;
  return isKept ? undefined : strangerIn(directory, self);
}

/**
 * Who may have given a file one of its several names: by changing it under this name, another would change with it.
 * A file of the only one who may write the directory is harmless: there are no rights to gain over it.
 */
export function strangerWhoLinked(file: Named, directory: Owned, self: Self): Stranger | undefined {
  if (file.nlink === 1) return undefined;
  const stranger = strangerIn(directory, self);
  return isOnlyWriter(file.uid, directory) ? undefined : stranger;
}

/** Who may have put another program in the place of the one that shall run with its owner's rights. */
export function strangerUnderSetId(file: Owned, mode: number, directory: Owned, self: Self): Stranger | undefined {
  if ((mode & 0o6000) === 0 || isOnlyWriter(file.uid, directory)) return undefined;
  return strangerIn(directory, self);
}

/** A mode as it may stay when a file changes hands: its former owner must not have chosen whom it runs as. */
export function withoutSetId(mode: number): number {
  return mode & ~0o6000;
}

function isOnlyWriter(uid: number, directory: Owned): boolean {
  return directory.uid === uid && (directory.mode & 0o022) === 0;
}

function isForeign({ uid }: Owned, self: Self): boolean {
  return uid !== 0 && uid !== self.uid;
}
