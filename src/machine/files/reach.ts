import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import {
  fileLoop,
  fileNotDirectory,
  fileSwapped,
  hardLinkUntrusted,
  linkOfKernel,
  linkUntrusted,
  type Planted,
  procMissing,
} from '../errors.ts';
import { maxLinks, normal, parentPath } from '../path.ts';
import {
  at,
  codeOf,
  type Descriptor,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  open,
} from './descriptor.ts';
import { translate } from './failure.ts';
import { type Self, type Stranger, strangerBehind, strangerIn, strangerWhoLinked } from './trust.ts';

export interface ReachOptions {
  /** The verb a refusal begins with. */
  readonly action: string;
  /** Whether a symbolic link at the end of the path is followed as those on the way are. */
  readonly follow?: boolean;
  /** Follow whoever's links: only where nothing but metadata comes of it. */
  readonly anyLink?: boolean;
}

/** The way to files: a path in, a directory held open and a name in it out. */
export interface Door {
  readonly self: Self;
  /** Undefined when a directory on the way does not exist. Throws `FILE_LINK_UNTRUSTED`, `FILE_NOT_DIRECTORY`, `FILE_LOOP`. */
  reach(path: string, options: ReachOptions): Spot | undefined;
}

/**
 * A name in a directory that is held open: whatever happens to the path meanwhile, what is done here is done in that
 * directory. With `follow` there is no trusted link by that name; all that is done does not follow one either.
 */
export class Spot implements Disposable {
  readonly asked: string;
  /** Where it lies, without any symbolic link on the way. */
  readonly place: string;
  readonly folder: Descriptor;
  readonly name: string;
  readonly #door: DoorOfFolder;
  #entry: Descriptor | undefined;

  constructor(door: DoorOfFolder, asked: string, folder: Descriptor, place: string) {
    this.#door = door;
    this.asked = asked;
    this.folder = folder;
    this.place = place;
    this.name = place === '/' ? '.' : place.slice(place.lastIndexOf('/') + 1);
  }

  /** For calls that do not follow a link at the end of a path. */
  get path(): string {
    return at(this.folder.number, this.name);
  }

  beside(name: string): string {
    return at(this.folder.number, name);
  }

  /** What has the name now, held from here on; undefined when nothing has. */
  entry(action: string): Descriptor | undefined {
    if (this.#entry !== undefined) return this.#entry;
    try {
      this.#entry = open(this.path, O_PATH | O_NOFOLLOW);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw translate(error, action, this.asked);
    }
    return this.#entry;
  }

  /** Throws `FILE_HARD_LINKED` when a stranger may have given the file this name. */
  refuseHardLink(action: string, { stat }: Descriptor): void {
    if (stat.isDirectory()) return;
    const stranger = strangerWhoLinked(stat, this.folder.stat, this.#door.self);
    if (stranger) throw hardLinkUntrusted(action, this.asked, this.planted(stranger));
  }

  /** Somebody who may write the directory, beside root and oneself. */
  get stranger(): Stranger | undefined {
    return strangerIn(this.folder.stat, this.#door.self);
  }

  /** What is there is not what was made or looked at. */
  swapped(action: string): Error {
    return fileSwapped(action, this.asked, this.planted(this.stranger ?? { kind: 'user', id: this.folder.stat.uid }));
  }

  planted(stranger: Stranger): Planted {
    return { component: this.place, owner: this.#door.nameOf(stranger) };
  }

  [Symbol.dispose](): void {
    this.#entry?.[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** The door to the files of a folder that stands for `/`, or of the machine itself. */
export function openDoor(root?: string): Door {
  return new DoorOfFolder(root === undefined ? '/' : normal(root));
}

class DoorOfFolder implements Door {
  readonly self: Self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  readonly #root: string;
  #realRoot: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  reach(asked: string, options: ReachOptions): Spot | undefined {
    const place = normal(asked);
    return this.#straight(asked, place, options) ?? this.#stepByStep(asked, place, options);
  }

  /**
   * Most paths have no link in them. The kernel opens the directory in one go, following whatever it meets, and says
   * where that is: when it is just the path that was asked for, there were only directories on the way.
   */
  #straight(asked: string, place: string, { action, follow = false }: ReachOptions): Spot | undefined {
    const folder = this.#openStraight(parentPath(place));
    if (folder === undefined) return undefined;
    const spot = new Spot(this, asked, folder, place);
    try {
      if (!follow || spot.entry(action)?.stat.isSymbolicLink() !== true) return spot;
    } catch (error) {
      spot[Symbol.dispose]();
      throw error;
    }
    spot[Symbol.dispose]();
    return undefined;
  }

  #openStraight(place: string): Descriptor | undefined {
    const inside = place === '/' ? '' : place;
    const root = this.#root === '/' ? '' : this.#root;
    let folder: Descriptor;
    try {
      folder = open(root + inside || '/', O_PATH | O_DIRECTORY);
    } catch {
      // Absent, no directory, or a circle of links: step by step it is seen which.
      return undefined;
    }
    try {
      this.#realRoot ??= root === '' ? '' : realPathOf(root);
      if (readlinkSync(folder.path) === (this.#realRoot + inside || '/')) return folder;
    } catch {
      // Without /proc, or with a path that is too long to tell: the same.
    }
    folder[Symbol.dispose]();
    return undefined;
  }

  #stepByStep(asked: string, place: string, options: ReachOptions): Spot | undefined {
    let left = place;
    for (let hops = 0; hops <= maxLinks; hops++) {
      const end = this.#toNextLink(asked, left, options);
      if (typeof end !== 'string') return end;
      left = end;
    }
    throw fileLoop(options.action, asked);
  }

  /**
   * Opens each directory in the one before it: to the end, to where a directory is missing, or to a link, and then it is
   * the path that is left to go. A link is followed only when no stranger can have placed it.
   */
  #toNextLink(asked: string, place: string, options: ReachOptions): string | Spot | undefined {
    const { action, follow = false } = options;
    let folder = this.#openRoot(action, asked);
    let isKept = false;
    try {
      const names = place.split('/').slice(1);
      for (const [index, name] of names.entries()) {
        const isEnd = index === names.length - 1;
        if (name === '' || (isEnd && !follow)) break;
        const next = isEnd ? undefined : openDirectory(folder, name);
        if (next !== undefined) {
          folder[Symbol.dispose]();
          folder = next;
          continue;
        }
        using entry = openEntry(folder, name);
        if (entry?.stat.isSymbolicLink()) {
          const [above, rest] = [names.slice(0, index), names.slice(index + 1)];
          const component = `/${[...above, name].join('/')}`;
          if (options.anyLink !== true) this.#refuseLink({ folder, link: entry, component }, { action, asked });
          const target = readlinkSync(at(folder.number, name));
          if (leadsIntoProcess(entry, target)) throw linkOfKernel(action, asked, component);
          return normal([target.startsWith('/') ? '' : `/${above.join('/')}`, target, ...rest].join('/'));
        }
        if (isEnd) break;
        if (entry === undefined) return undefined;
        throw fileNotDirectory(action, asked);
      }
      const spot = new Spot(this, asked, folder, place);
      isKept = true;
      return spot;
    } catch (error) {
      throw translate(error, action, asked);
    } finally {
      if (!isKept) folder[Symbol.dispose]();
    }
  }

  #openRoot(action: string, asked: string): Descriptor {
    const folder = open(this.#root, O_PATH | O_DIRECTORY);
    if (existsSync(folder.path)) return folder;
    folder[Symbol.dispose]();
    throw procMissing(action, asked);
  }

  #refuseLink(
    { folder, link, component }: { folder: Descriptor; link: Descriptor; component: string },
    { action, asked }: { action: string; asked: string },
  ): void {
    const stranger = strangerBehind(link.stat, folder.stat, this.self);
    if (stranger === undefined) return;
    const isOwner = stranger.kind === 'user' && stranger.id === link.stat.uid;
    const way = isOwner ? 'belongs to' : 'lies in a directory that may be written by';
    throw linkUntrusted(action, asked, { component, owner: this.nameOf(stranger), way });
  }

  /** With the name, where this machine has one: `user deploy (1001)`. */
  nameOf(stranger: Stranger): string {
    if (stranger.kind === 'everybody') return 'everybody';
    const { kind, id } = stranger;
    const name = this.#accounts(kind === 'user' ? 'passwd' : 'group').get(id);
    return name === undefined ? `${kind} ${id}` : `${kind} ${name} (${id})`;
  }

  #accounts(list: 'passwd' | 'group'): ReadonlyMap<number, string> {
    using folder = this.#openStraight('/etc');
    if (folder === undefined) return new Map();
    try {
      using file = open(at(folder.number, list), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      if (!file.stat.isFile()) return new Map();
      const lines = readFileSync(file.number, 'utf8').split('\n');
      return new Map(lines.map((line) => line.split(':')).map(([name = '', , id]) => [Number(id), name]));
    } catch {
      // A refusal is as good with the number alone.
      return new Map();
    }
  }
}

/** Undefined when it is absent, or not a directory itself. */
function openDirectory(folder: Descriptor, name: string): Descriptor | undefined {
  try {
    return open(at(folder.number, name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function openEntry(folder: Descriptor, name: string): Descriptor | undefined {
  try {
    return open(at(folder.number, name), O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The links in the folder of a process, such as `root` and `cwd`, are no paths: what they read as lies elsewhere. */
function leadsIntoProcess({ stat }: Descriptor, target: string): boolean {
  if (!target.startsWith('/') && !target.includes(':[')) return false;
  return stat.dev === lstatSync('/proc/self').dev;
}

function realPathOf(root: string): string {
  using folder = open(root, O_PATH | O_DIRECTORY);
  return readlinkSync(folder.path);
}
