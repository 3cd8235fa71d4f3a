import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';

export const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** Holds a file or directory without opening it: a planted pipe cannot make this wait, and a device is not woken. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/**
 * The path of a name in a directory that is held open, or of what is held itself. Neither Node nor Bun has `openat` and
 * its kin, but the kernel resolves `/proc/self/fd/<number>` to what the descriptor holds, whatever its path is by now.
 */
export function at(folder: number, name?: string): string {
  return name === undefined ? `/proc/self/fd/${folder}` : `/proc/self/fd/${folder}/${name}`;
}

/** Opens a path for as long as the caller says; children of this process do not inherit it. */
export function open(path: string, flags: number): Descriptor {
  return new Descriptor(openSync(path, flags | O_CLOEXEC));
}

/** What is held open, until it is disposed of. */
export class Descriptor implements Disposable {
  readonly number: number;
  #stat: Stats | undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** What it was when it was first asked for: of the thing itself, not of a path. */
  get stat(): Stats {
    this.#stat ??= fstatSync(this.number);
    return this.#stat;
  }

  get path(): string {
    return at(this.number);
  }

  [Symbol.dispose](): void {
    closeSync(this.number);
  }
}

export function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
