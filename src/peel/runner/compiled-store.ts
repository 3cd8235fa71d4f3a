import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readAll, replaceFile, writeAll } from '#base/disk.ts';
import { build } from '#base/version.ts';
import type { KeptStore } from '#engine/engine.ts';

const keptAtMost = 32;
const bytesAtMost = 16_000_000;
const sumLength = 64;
/** As the engine names what it keeps, and as that is called while it is written. */
const ownName = /^[0-9a-f]{64}(?:\.new)?$/;

/**
 * Compiled states in a folder of our own, a file each: the hash of what follows, a line break, and that. What anybody
 * else may have written, what is damaged or too large is not there.
 */
export function openCompiledStore(folder: string): KeptStore {
  return {
    read(name) {
      try {
        if (!isPrivate(lstatSync(folder))) return undefined;
        return readSound(join(folder, name));
      } catch {
        return undefined;
      }
    },
    write(name, bytes) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (!isPrivate(lstatSync(folder))) return;
        const whole = Buffer.concat([Buffer.from(`${sumOf(bytes)}\n`), bytes]);
        replaceFile(join(folder, name), 0o600, (file) => writeAll(file, whole, 0));
        dropOldest(folder);
      } catch {
        // A full or read-only disk: the states are compiled again next time.
      }
    },
  };
}

function readSound(path: string): Uint8Array | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || !isPrivate(stat) || stat.size > bytesAtMost) return undefined;
    const whole = readAll(file, 0, stat.size);
    const body = whole.subarray(sumLength + 1);
    return whole.toString('latin1', 0, sumLength) === sumOf(body) ? body : undefined;
  } finally {
    closeSync(file);
  }
}

/** Ours, and nobody else may write to it or read it. */
function isPrivate({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o077) === 0;
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of what is ours by its name: a folder that was there before may be somebody's own. */
function dropOldest(folder: string): void {
  const names = readdirSync(folder).filter((name) => ownName.test(name));
  if (names.length <= keptAtMost) return;
  const byAge = names
    .map((name) => ({ name, at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.at - b.at);
  for (const { name } of byAge.slice(0, -keptAtMost)) rmSync(join(folder, name), { force: true });
}

/**
 * The build that runs, told apart from any other: two builds of one commit with changes have the same stamp, but not the
 * same file. Undefined when it runs from source, which may change under it.
 */
export function ownProgram(): string | undefined {
  if (build.commit === 'source') return undefined;
  const { size, mtimeMs, ino } = statSync(process.execPath);
  return [build.version, build.commit, build.date, size, mtimeMs, ino].join(' ');
}

/** Beside what runs leave. */
export function compiledFolder(runs: string): string {
  return join(dirname(runs), 'compiled');
}
