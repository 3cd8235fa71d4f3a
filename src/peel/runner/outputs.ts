import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isJid, parseJid } from '#base/ids.ts';
import type { Clock } from '#base/time.ts';
import type { Outputs } from '#kit/context.ts';
import type { Spill } from '#machine/output.ts';

/**
 * Outputs that were too long to be returned, whole: a folder for each job, a file for each stream. Output may hold
 * secrets: only the owner may read it.
 */
export interface OutputStore extends Outputs {
  /** Where the long outputs of one job's commands go: called once for each command. */
  spillsOf(jid: string): () => (stream: 'stdout' | 'stderr') => Spill;
  /** Drops what is too old, then the oldest until the rest fits. */
  sweep(): void;
}

export interface OutputLimits {
  /** Bytes of all kept outputs together. */
  readonly bytes: number;
  readonly ageMs: number;
}

/** Looked again whether there is room, after this much. */
const sweepEvery = 16 * 1024 * 1024;
const blockBytes = 1024 * 1024;
const streamName = /^(stdout|stderr)(\.[1-9]\d{0,4})?$/;

export function openOutputs(folder: string, { bytes: limit, ageMs }: OutputLimits, clock: Clock): OutputStore {
  const jobs = (): readonly string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => isJid(name))
          .toSorted()
      : [];
  const sizeOf = (jid: string) => files(join(folder, jid)).reduce((sum, { bytes }) => sum + bytes, 0);

  /** True when what is kept fits without one that is still written. */
  const sweep = (spared?: string): boolean => {
    const old = clock.now() - ageMs;
    const kept: { jid: string; bytes: number }[] = [];
    for (const jid of jobs()) {
      const stat = statSync(join(folder, jid), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (jid !== spared && stat.mtimeMs < old) rmSync(join(folder, jid), { recursive: true, force: true });
      else kept.push({ jid, bytes: sizeOf(jid) });
    }
    let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    // A jid begins with its time: by name is by age.
    for (const { jid, bytes } of kept) {
      if (total <= limit) break;
      if (jid === spared) continue;
      rmSync(join(folder, jid), { recursive: true, force: true });
      total -= bytes;
    }
    return total <= limit;
  };

  return {
    spillsOf(jid) {
      let commands = 0;
      return () => {
        const number = ++commands;
        return (stream) => {
          const name = number === 1 ? stream : `${stream}.${number}`;
          return openSpill({ folder: join(folder, parseJid(jid)), name, jid, hasRoom: () => sweep(jid) });
        };
      };
    },
    sweep: () => void sweep(),
    async list(jid) {
      return new Map(files(join(folder, parseJid(jid))).map(({ name, bytes }) => [name, bytes]));
    },
    async read(jid, stream, offset, length) {
      return reading(folder, jid, stream, (file) => {
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(file).size - offset)));
        let filled = 0;
        while (filled < buffer.length) {
          const got = readSync(file, buffer, filled, buffer.length - filled, offset + filled);
          if (got === 0) break;
          filled += got;
        }
        return buffer.subarray(0, filled);
      });
    },
    async digest(jid, stream, bytes) {
      return reading(folder, jid, stream, (file) => {
        const hash = createHash('sha256');
        const block = Buffer.alloc(blockBytes);
        for (let at = 0; at < bytes; ) {
          const got = readSync(file, block, 0, Math.min(block.length, bytes - at), at);
          if (got === 0) break;
          hash.update(block.subarray(0, got));
          at += got;
        }
        return hash.digest('hex');
      });
    },
  };
}

/** A stream of a job, opened; undefined when none of that name is kept. The names come from outside: none may lead away. */
function reading<Value>(folder: string, jid: string, stream: string, use: (file: number) => Value): Value | undefined {
  if (!streamName.test(stream)) return undefined;
  const path = join(folder, parseJid(jid), stream);
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

interface SpillOptions {
  readonly folder: string;
  readonly name: string;
  readonly jid: string;
  readonly hasRoom: () => boolean;
}

function openSpill({ folder, name, jid, hasRoom }: SpillOptions): Spill {
  let file: number | undefined;
  let kept = 0;
  let unchecked = 0;
  let trouble: string | undefined;
  const fail = (reason: string) => {
    trouble = reason;
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    file = openSync(join(folder, name), 'wx', 0o600);
    if (!hasRoom()) fail('outputs_limit is reached');
  } catch (error) {
    fail((error as Error).message);
  }
  return {
    write(bytes) {
      if (file === undefined) return;
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        kept += bytes.length;
        unchecked += bytes.length;
        if (unchecked < sweepEvery) return;
        unchecked = 0;
        if (!hasRoom()) fail('outputs_limit is reached');
      } catch (error) {
        fail((error as Error).message);
      }
    },
    finish() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      if (trouble === undefined) return `the whole: zester job output ${jid} --stream ${name}`;
      return `only the first ${kept} could be kept (zester job output ${jid} --stream ${name}): ${trouble}`;
    },
  };
}

function files(folder: string): readonly { readonly name: string; readonly bytes: number }[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => streamName.test(name));
  return names.toSorted().flatMap((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name, bytes: stat.size }];
  });
}
