import {
  fileExists,
  fileIsDirectory,
  fileLoop,
  fileNotDirectory,
  fileNotEmpty,
  fileParentMissing,
  fileProtected,
  fileUnknown,
} from '../errors.ts';
import type { FileStat, Files } from '../machine.ts';
import { maxLinks, normal, parentPath } from '../path.ts';

export type Node = { mode: number; uid: number; gid: number } & (
  | { readonly kind: 'file'; content: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
);

/** Normal absolute path → node: the whole file system of a fake machine. */
export type Tree = Map<string, Node>;

/** The files port on a tree in memory, as root sees it: nothing is denied, everything else is as on a disk. */
export function fakeFiles(tree: Tree): Files {
  return {
    async stat(path) {
      const node = tree.get(locate(tree, 'read', path, { follow: false }));
      return node && statOf(node);
    },

    async read(path) {
      const node = tree.get(locate(tree, 'read', path));
      if (node?.kind === 'directory') throw fileIsDirectory('read', path);
      return node?.kind === 'file' ? node.content.slice() : undefined;
    },

    async list(path) {
      const folder = locate(tree, 'list', path);
      const node = tree.get(folder);
      if (node === undefined) return undefined;
      if (node.kind !== 'directory') throw fileNotDirectory('list', path);
      return childNames(tree, folder);
    },

    async write(path, content, { mode } = {}) {
      const place = locate(tree, 'write', path);
      const before = tree.get(place);
      if (before?.kind === 'directory') throw fileIsDirectory('write', path);
      const owner = before ?? newOwner(parentOf(tree, 'write', place, path));
      tree.set(place, {
        kind: 'file',
        content: Uint8Array.from(content),
        mode: mode ?? before?.mode ?? 0o644,
        uid: owner.uid,
        gid: owner.gid,
      });
    },

    async makeDirectory(path, { mode, parents = false } = {}) {
      const place = locate(tree, 'create', path);
      const present = tree.get(place);
      if (present?.kind === 'directory' && parents) return;
      if (present !== undefined) throw fileExists('create', path);
      if (parents) {
        for (const each of ancestors(place)) {
          const above = tree.get(each);
          if (above === undefined) tree.set(each, newDirectory(parentOf(tree, 'create', each, path)));
          else if (above.kind !== 'directory') throw fileNotDirectory('create', path);
        }
      }
      tree.set(place, newDirectory(parentOf(tree, 'create', place, path), mode));
    },

    async link(path, target) {
      const place = locate(tree, 'create', path, { follow: false });
      if (tree.has(place)) throw fileExists('create', path);
      tree.set(place, { kind: 'symlink', target, mode: 0o777, ...newOwner(parentOf(tree, 'create', place, path)) });
    },

    async remove(path) {
      const place = locate(tree, 'remove', path, { follow: false });
      if (place === '/') throw fileProtected('remove', path);
      for (const each of [...tree.keys()]) {
        if (each === place || each.startsWith(`${place}/`)) tree.delete(each);
      }
    },

    async rename(from, to) {
      const source = locate(tree, 'rename', from, { follow: false });
      const node = tree.get(source);
      if (node === undefined) throw fileUnknown('rename', from);
      const place = locate(tree, 'rename to', to, { follow: false });
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
      const node = tree.get(locate(tree, 'change the mode of', path));
      if (node === undefined) throw fileUnknown('change the mode of', path);
      node.mode = mode & 0o7777;
    },

    async setOwner(path, { uid, gid }) {
      const node = tree.get(locate(tree, 'change the owner of', path, { follow: false }));
      if (node === undefined) throw fileUnknown('change the owner of', path);
      node.uid = uid ?? node.uid;
      node.gid = gid ?? node.gid;
    },
  };
}

/** Puts a directory and all that is missing above it, owned by root. */
export function plantDirectory(tree: Tree, path: string): void {
  for (const each of [...ancestors(path), path]) {
    if (!tree.has(each)) tree.set(each, { kind: 'directory', mode: 0o755, uid: 0, gid: 0 });
  }
}

/** Where a path leads once the symlinks on its way are followed; the end may not exist, and then neither may its parents. */
function locate(tree: Tree, action: string, path: string, { follow = true } = {}): string {
  let place = normal(path);
  for (let hops = 0; hops < maxLinks; hops++) {
    const link = firstLink(tree, action, path, place, follow);
    if (link === undefined) return place;
    const rest = place.slice(link.at.length);
    place = normal((link.target.startsWith('/') ? link.target : `${parentPath(link.at)}/${link.target}`) + rest);
  }
  throw fileLoop(action, path);
}

function firstLink(
  tree: Tree,
  action: string,
  asked: string,
  place: string,
  follow: boolean,
): { readonly at: string; readonly target: string } | undefined {
  for (const each of ancestors(place)) {
    const node = tree.get(each);
    if (node?.kind === 'symlink') return { at: each, target: node.target };
    if (node?.kind === 'file') throw fileNotDirectory(action, asked);
  }
  const end = tree.get(place);
  return follow && end?.kind === 'symlink' ? { at: place, target: end.target } : undefined;
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

/** Root makes it; a set-group-id directory gives its group to what is made in it. */
function newOwner(parent: Node): { uid: number; gid: number } {
  return { uid: 0, gid: parent.mode & 0o2000 ? parent.gid : 0 };
}

function newDirectory(parent: Node, mode?: number): Node {
  return { kind: 'directory', mode: mode ?? 0o755 | (parent.mode & 0o2000), ...newOwner(parent) };
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
