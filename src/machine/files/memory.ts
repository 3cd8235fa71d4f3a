import {
  fileExists,
  fileIsDirectory,
  fileLoop,
  fileNotDirectory,
  fileNotEmpty,
  fileParentMissing,
  fileProtected,
  fileSpecial,
  fileUnknown,
  hardLinkUntrusted,
  linkUntrusted,
  setIdUntrusted,
} from '../errors.ts';
import type { FileOwner, FileStat, Files } from '../machine.ts';
import { maxLinks, normal, parentPath } from '../path.ts';
import {
  type Named,
  type Self,
  type Stranger,
  strangerBehind,
  strangerIn,
  strangerUnderSetId,
  strangerWhoLinked,
  withoutSetId,
} from './trust.ts';

export type Node = { mode: number; uid: number; gid: number } & (
  | { readonly kind: 'file'; content: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'other' }
);

/** Normal absolute path → node: a whole file system. A node at two paths is a file with two names. */
export type Tree = Map<string, Node>;

const root: Self = { uid: 0, gid: 0 };

/** The files port on a tree in memory: nothing is denied, everything else is as `self` finds it on a disk. */
export function memoryFiles(tree: Tree, self: Self = root): Files {
  const disk = { tree, self };
  return {
    self,

    async stat(path) {
      const node = tree.get(locate(disk, 'read', path, { follow: false, anyLink: true }));
      return node && statOf(node);
    },

    resolve: async (path) => locate(disk, 'follow', path),

    async read(path) {
      const place = locate(disk, 'read', path);
      const node = tree.get(place);
      if (node?.kind === 'directory') throw fileIsDirectory('read', path);
      if (node?.kind === 'other') throw fileSpecial('read', path);
      if (node !== undefined) refuseHardLink(disk, 'read', path, place);
      return node?.kind === 'file' ? node.content.slice() : undefined;
    },

    async list(path) {
      const folder = locate(disk, 'list', path);
      const node = tree.get(folder);
      if (node === undefined) return undefined;
      if (node.kind !== 'directory') throw fileNotDirectory('list', path);
      return childNames(tree, folder);
    },

    async write(path, content, { mode, owner = {} } = {}) {
      const place = locate(disk, 'write', path);
      const before = tree.get(place);
      if (before?.kind === 'directory') throw fileIsDirectory('write', path);
      if (before?.kind === 'other') throw fileSpecial('write', path);
      const present = before ?? newOwner(self, parentOf(tree, 'write', place, path));
      const { uid, gid } = given(present, owner);
      const changesHands = before !== undefined && (uid !== before.uid || gid !== before.gid);
      const kept = before && (changesHands ? withoutSetId(before.mode) : before.mode);
      tree.set(place, { kind: 'file', content: Uint8Array.from(content), mode: mode ?? kept ?? 0o644, uid, gid });
    },

    async makeDirectory(path, { mode, parents = false, owner = {} } = {}) {
      const place = locate(disk, 'create', path);
      const present = tree.get(place);
      if (present?.kind === 'directory' && parents) return false;
      if (present !== undefined) throw fileExists('create', path);
      if (parents) {
        for (const each of ancestors(place)) {
          const above = tree.get(each);
          if (above === undefined) tree.set(each, newDirectory(self, parentOf(tree, 'create', each, path)));
          else if (above.kind !== 'directory') throw fileNotDirectory('create', path);
        }
      }
      const made = newDirectory(self, parentOf(tree, 'create', place, path), mode);
      tree.set(place, { ...made, ...given(made, owner) });
      return true;
    },

    async link(path, target, { replace = false, owner = {} } = {}) {
      const place = locate(disk, 'create', path, { follow: false });
      if (tree.has(place) && !replace) throw fileExists('create', path);
      if (tree.get(place)?.kind === 'directory') throw fileIsDirectory('create', path);
      const made = newOwner(self, parentOf(tree, 'create', place, path));
      tree.set(place, { kind: 'symlink', target, mode: 0o777, ...given(made, owner) });
    },

    async remove(path) {
      const place = locate(disk, 'remove', path, { follow: false });
      if (place === '/') throw fileProtected('remove', path);
      for (const each of [...tree.keys()]) {
        if (each === place || each.startsWith(`${place}/`)) tree.delete(each);
      }
    },

    async rename(from, to) {
      const source = locate(disk, 'rename', from, { follow: false });
      const node = tree.get(source);
      if (node === undefined) throw fileUnknown('rename', from);
      const place = locate(disk, 'rename to', to, { follow: false });
      for (const [each, asked] of [
        [source, from],
        [place, to],
      ] as const)
        if (each === '/') throw fileProtected('rename', asked);
      refuseHardLink(disk, 'rename', from, source);
      parentOf(tree, 'rename to', place, to);
      const inTheWay = tree.get(place);
      if (inTheWay?.kind === 'directory' && node.kind !== 'directory') throw fileIsDirectory('rename to', to);
      if (inTheWay !== undefined && inTheWay.kind !== 'directory' && node.kind === 'directory') {
        throw fileNotDirectory('rename to', to);
      }
      if (place === source) return;
      if (inTheWay?.kind === 'directory' && childNames(tree, place).length > 0) throw fileNotEmpty('rename to', to);
      for (const [each, moved] of [...tree]) {
        if (each !== source && !each.startsWith(`${source}/`)) continue;
        tree.delete(each);
        tree.set(place + each.slice(source.length), moved);
      }
    },

    async setMode(path, mode) {
      const action = 'change the mode of';
      const place = locate(disk, action, path);
      const node = tree.get(place);
      if (node === undefined) throw fileUnknown(action, path);
      refuseHardLink(disk, action, path, place);
      const stranger =
        node.kind === 'file' && strangerUnderSetId(node, mode, parentOf(tree, action, place, path), self);
      if (stranger) throw setIdUntrusted(action, path, { component: place, owner: described(stranger) });
      node.mode = mode & 0o7777;
    },

    async setOwner(path, owner) {
      const action = 'change the owner of';
      const place = locate(disk, action, path, { follow: false });
      const node = tree.get(place);
      if (node === undefined) throw fileUnknown(action, path);
      refuseHardLink(disk, action, path, place);
      Object.assign(node, given(node, owner));
    },
  };
}

/** Puts a directory and all that is missing above it, owned by root. */
export function plantDirectory(tree: Tree, path: string): void {
  for (const each of [...ancestors(path), path]) {
    if (!tree.has(each)) tree.set(each, { kind: 'directory', mode: 0o755, uid: 0, gid: 0 });
  }
}

interface Disk {
  readonly tree: Tree;
  readonly self: Self;
}

interface LocateOptions {
  readonly follow?: boolean;
  readonly anyLink?: boolean;
}

/** Where a path leads once the symlinks on its way are followed; the end may not exist, and then neither may its parents. */
function locate(
  disk: Disk,
  action: string,
  path: string,
  { follow = true, anyLink = false }: LocateOptions = {},
): string {
  let place = normal(path);
  for (let hops = 0; hops <= maxLinks; hops++) {
    const link = firstLink(disk, action, path, place, follow);
    if (link === undefined) return place;
    if (!anyLink) refuseLink(disk, action, path, link);
    const rest = place.slice(link.at.length);
    place = normal((link.target.startsWith('/') ? link.target : `${parentPath(link.at)}/${link.target}`) + rest);
  }
  throw fileLoop(action, path);
}

interface FoundLink {
  readonly at: string;
  readonly target: string;
  readonly node: Node;
}

function firstLink(
  { tree }: Disk,
  action: string,
  asked: string,
  place: string,
  follow: boolean,
): FoundLink | undefined {
  for (const each of ancestors(place)) {
    const node = tree.get(each);
    if (node?.kind === 'symlink') return { at: each, target: node.target, node };
    if (node !== undefined && node.kind !== 'directory') throw fileNotDirectory(action, asked);
  }
  const end = tree.get(place);
  return follow && end?.kind === 'symlink' ? { at: place, target: end.target, node: end } : undefined;
}

function refuseLink(disk: Disk, action: string, asked: string, { at, node }: FoundLink): void {
  const { tree, self } = disk;
  const directory = parentOf(tree, action, at, asked);
  const stranger = strangerBehind(named(disk, node, directory), directory, self);
  if (stranger === undefined) return;
  const isOwner = stranger.kind === 'user' && stranger.id === node.uid;
  const way = isOwner ? 'belongs to' : 'lies in a directory that may be written by';
  throw linkUntrusted(action, asked, { component: at, owner: described(stranger), way });
}

function refuseHardLink(disk: Disk, action: string, asked: string, place: string): void {
  const { tree, self } = disk;
  const node = tree.get(place);
  if (node === undefined || node.kind === 'directory') return;
  const directory = parentOf(tree, action, place, asked);
  const stranger = strangerWhoLinked(named(disk, node, directory), directory, self);
  if (stranger) throw hardLinkUntrusted(action, asked, { component: place, owner: described(stranger) });
}

/** With the number of its names, which are only worth counting where a stranger can have made one. */
function named({ tree, self }: Disk, node: Node, directory: Node): Named {
  const isOpen = strangerIn(directory, self) !== undefined;
  return { ...node, nlink: isOpen ? [...tree.values()].filter((each) => each === node).length : 1 };
}

function described(stranger: Stranger): string {
  return stranger.kind === 'everybody' ? 'everybody' : `${stranger.kind} ${stranger.id}`;
}

function given({ uid, gid }: { uid: number; gid: number }, owner: FileOwner): { uid: number; gid: number } {
  return { uid: owner.uid ?? uid, gid: owner.gid ?? gid };
}

function ancestors(place: string): readonly string[] {
  const parts = place.split('/').slice(1, -1);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)].filter((each) => each !== place);
}

function parentOf(tree: Tree, action: string, place: string, asked: string): Node {
  const parent = tree.get(parentPath(place));
  if (parent === undefined) throw fileParentMissing(action, asked);
  if (parent.kind !== 'directory') throw fileNotDirectory(action, asked);
  return parent;
}

/** A set-group-id directory gives its group to what is made in it. */
function newOwner({ uid, gid }: Self, parent: Node): { uid: number; gid: number } {
  return { uid, gid: parent.mode & 0o2000 ? parent.gid : gid };
}

function newDirectory(self: Self, parent: Node, mode?: number): Node {
  return { kind: 'directory', mode: mode ?? 0o755 | (parent.mode & 0o2000), ...newOwner(self, parent) };
}

function childNames(tree: Tree, folder: string): readonly string[] {
  const prefix = folder === '/' ? '/' : `${folder}/`;
  const names = [...tree.keys()].filter((each) => each !== '/' && each.startsWith(prefix));
  return names
    .map((each) => each.slice(prefix.length))
    .filter((name) => !name.includes('/'))
    .toSorted();
}

function statOf(node: Node): FileStat {
  const { kind, mode, uid, gid } = node;
  if (node.kind === 'symlink') return { kind, mode, uid, gid, size: node.target.length, target: node.target };
  return { kind, mode, uid, gid, size: node.kind === 'file' ? node.content.length : 4096 };
}
