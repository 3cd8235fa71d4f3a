import { memoryFiles, type Node, type Tree } from '../files/memory.ts';
import type { FileStat, Files } from '../machine.ts';
import { maxLinks, normal, parentPath } from '../path.ts';
import { type Ledger, readOnly } from './ledger.ts';

/** Files as they are, and on top of them, in memory, as they are supposed to be. */
export interface SupposedFiles {
  /** For looking: what nobody can foresee is `Unforeseen`, or remarked, and nothing can be written. */
  readonly files: Files;
  /** For what a step would do: it is done in memory, in its name. */
  doneBy(author: string): Files;
}

/** Where a file that nobody is supposed to have written lies on the machine. */
interface Origin {
  readonly path: string;
  readonly stat: FileStat;
}

/** Where a path leads. */
interface End {
  /** It need not exist, and then neither may what is above it. */
  readonly place: string;
  readonly node: Node | undefined;
  /** Whether there is nothing on the way that is only supposed. */
  readonly isAsItWas: boolean;
}

/**
 * The machine's own files are loaded into a tree in memory as they are asked for, one directory entry at a time; what is
 * written goes into that tree. The rules of links and owners are then those of the tree (`memoryFiles`). A path that
 * nothing supposed lies on is still read from the machine, whose rules are the real ones.
 */
export function supposedFiles(base: Files, ledger: Ledger): SupposedFiles {
  const tree: Tree = new Map();
  const memory = memoryFiles(tree, base.self);
  const origins = new WeakMap<Node, Origin>();
  const loads = new Map<string, Promise<Node | undefined>>();
  const listed = new WeakSet<Node>();
  /** Places that are not as they are on the machine. */
  const touched = new Set<string>();

  /** What lies at a place whose directory is loaded. A directory that was made holds only what was put there. */
  function load(place: string): Promise<Node | undefined> {
    const known = loads.get(place);
    if (known !== undefined) return known.then(() => tree.get(place));
    const loading = loadOnce(place);
    loads.set(place, loading);
    return loading;
  }

  async function loadOnce(place: string): Promise<Node | undefined> {
    const present = tree.get(place);
    if (present !== undefined) return present;
    const folder = tree.get(parentPath(place));
    const origin = place === '/' ? '/' : originOf(folder, place);
    if (origin === undefined) return undefined;
    const stat = await base.stat(origin);
    if (stat === undefined) return undefined;
    const node = nodeOf(stat);
    tree.set(place, node);
    origins.set(node, { path: origin, stat });
    return node;
  }

  function originOf(folder: Node | undefined, place: string): string | undefined {
    const path = folder && origins.get(folder)?.path;
    return path === undefined ? undefined : joined(path, place.slice(place.lastIndexOf('/') + 1));
  }

  /** Loads all that a path leads through, and tells what is at its end. */
  async function reach(path: string, { follow = true }: { readonly follow?: boolean } = {}): Promise<End> {
    let parts = partsOf(normal(path));
    let isAsItWas = !touched.has('/');
    let node = await load('/');
    for (let index = 0, hops = 0; index < parts.length; index++) {
      const place = `/${parts.slice(0, index + 1).join('/')}`;
      node = await load(place);
      isAsItWas &&= !touched.has(place);
      const isEnd = index === parts.length - 1;
      if (node?.kind === 'directory' || (isEnd && !follow)) continue;
      if (node?.kind !== 'symlink' || ++hops > maxLinks) {
        return { place: `/${parts.join('/')}`, isAsItWas, node: isEnd ? node : undefined };
      }
      const target = node.target.startsWith('/') ? node.target : `${parentPath(place)}/${node.target}`;
      parts = partsOf(normal([target, ...parts.slice(index + 1)].join('/')));
      index = -1;
    }
    return { place: `/${parts.join('/')}`, isAsItWas, node };
  }

  /** Everything in a directory, so that the tree can list it. */
  async function reachAllIn(path: string): Promise<void> {
    const { node, place } = await reach(path);
    const origin = node && origins.get(node);
    if (node?.kind !== 'directory' || origin === undefined || listed.has(node)) return;
    for (const name of (await base.list(origin.path)) ?? []) await load(joined(place, name));
    listed.add(node);
  }

  async function stat(path: string): Promise<FileStat | undefined> {
    if (touched.size === 0) return base.stat(path);
    const { node, isAsItWas } = await reach(path, { follow: false });
    const origin = node && origins.get(node);
    if (isAsItWas && origin !== undefined) return origin.stat;
    const found = await memory.stat(path);
    return found && origin && found.kind === 'file' ? { ...found, size: origin.stat.size } : found;
  }

  async function read(path: string): Promise<Uint8Array | undefined> {
    if (touched.size === 0) return base.read(path);
    const { node, isAsItWas } = await reach(path);
    if (isAsItWas) return base.read(path);
    const content = await memory.read(path);
    const origin = node && origins.get(node);
    return content === undefined || origin === undefined ? content : base.read(origin.path);
  }

  async function list(path: string): Promise<readonly string[] | undefined> {
    if (touched.size === 0) return base.list(path);
    const { place, isAsItWas } = await reach(path);
    if (isAsItWas && ![...touched].some((each) => parentPath(each) === place)) return base.list(path);
    await reachAllIn(path);
    return memory.list(path);
  }

  async function resolve(path: string): Promise<string> {
    return touched.size === 0 || (await reach(path)).isAsItWas ? base.resolve(path) : memory.resolve(path);
  }

  /** What is known of a directory goes with it: what is gone from it is not found again where it lies now. */
  function moveKnowledge(from: string, to: string): void {
    const known = [...loads.keys()].filter((each) => each.startsWith(`${from}/`));
    for (const each of [...loads.keys()]) if (each.startsWith(`${to}/`)) loads.delete(each);
    for (const each of known) {
      loads.delete(each);
      loads.set(to + each.slice(from.length), Promise.resolve(undefined));
    }
  }

  const reading: Files = {
    self: base.self,
    async stat(path) {
      ledger.refuseDoubtful(path);
      const found = await stat(path);
      if (found === undefined) ledger.remarkComing(path);
      return found;
    },
    resolve,
    async read(path) {
      ledger.refuseDoubtful(path);
      const found = await read(path);
      if (found === undefined) ledger.remarkComing(path);
      return found;
    },
    async list(path) {
      ledger.refuseDoubtful(path);
      ledger.refuseDoubtfulIn(path);
      const found = await list(path);
      if (found === undefined) ledger.remarkComing(path);
      return found;
    },
    write: readOnly,
    makeDirectory: readOnly,
    link: readOnly,
    remove: readOnly,
    rename: readOnly,
    setMode: readOnly,
    setOwner: readOnly,
  };

  function doneBy(author: string): Files {
    const touch = (place: string) => {
      touched.add(place);
      ledger.changed('path', place, author);
    };
    /** Does it to what a path leads to, or to what is at the path itself. */
    const change = async (path: string, options: { readonly follow: boolean }, work: () => Promise<void>) => {
      const { place } = await reach(path, options);
      await work();
      touch(place);
    };
    return {
      ...reading,
      stat,
      read,
      list,
      write: (path, content, options) => change(path, { follow: true }, () => memory.write(path, content, options)),
      async makeDirectory(path, options) {
        const { place } = await reach(path);
        const missing = [...above(place), place].filter((each) => !tree.has(each));
        const isMade = await memory.makeDirectory(path, options);
        for (const each of missing) touch(each);
        return isMade;
      },
      link: (path, target, options) => change(path, { follow: false }, () => memory.link(path, target, options)),
      async remove(path) {
        const { node, place } = await reach(path, { follow: false });
        await memory.remove(path);
        if (node !== undefined) touch(place);
      },
      async rename(from, to) {
        await reachAllIn(to);
        const [source, target] = [await reach(from, { follow: false }), await reach(to, { follow: false })];
        await memory.rename(from, to);
        moveKnowledge(source.place, target.place);
        for (const { place } of [source, target]) touch(place);
      },
      setMode: (path, mode) => change(path, { follow: true }, () => memory.setMode(path, mode)),
      setOwner: (path, owner) => change(path, { follow: false }, () => memory.setOwner(path, owner)),
    };
  }

  return { files: reading, doneBy };
}

/** Its content stays on the machine until it is asked for. */
function nodeOf({ kind, mode, uid, gid, target = '' }: FileStat): Node {
  if (kind === 'file') return { kind, mode, uid, gid, content: new Uint8Array() };
  return kind === 'symlink' ? { kind, mode, uid, gid, target } : { kind, mode, uid, gid };
}

function partsOf(place: string): readonly string[] {
  return place === '/' ? [] : place.slice(1).split('/');
}

function above(place: string): readonly string[] {
  const parts = partsOf(place).slice(0, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function joined(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
