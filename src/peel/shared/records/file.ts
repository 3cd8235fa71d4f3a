import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError, readAll, replaceFile, syncFolder, writeAll } from '#base/disk.ts';
import {
  bodySum,
  firstSector,
  frameHead,
  frameHeadBytes,
  headBytes,
  headOf,
  type Mark,
  newMark,
  readHead,
  sumOf,
} from './frame.ts';
import { type Piece, type Span, scan } from './scan.ts';

export type { Damage, Piece, Span } from './scan.ts';

/**
 * A file of records, each with its sum, that only grows until it is replaced. It is opened for each call: a process that
 * simulates thousands of peels must not hold a file for each. What the system says is thrown as it is.
 */
export interface RecordFile {
  readonly bytes: number;
  /** False when it is of another format, was damaged, or somebody cut it: it must be replaced first. */
  readonly isSound: boolean;
  /** Adds all of them, or none. `durable` returns when they are on the disk. */
  append(bodies: readonly Uint8Array[], options: { readonly durable: boolean }): readonly Span[];
  /** A body, or undefined when it is damaged. */
  read(span: Span): Buffer | undefined;
  /** A file with these bodies takes the place of this one, on the disk, in one step. */
  replace(bodies: Iterable<Uint8Array>): readonly Span[];
}

export interface OpenedRecords {
  readonly file: RecordFile;
  /** `none` there is no file · `records` a file of records · `other` something else, or too damaged to tell. */
  readonly format: 'none' | 'records' | 'other';
}

const batchBytes = 262_144;

/** Tells what is in the file, then keeps it. It must be a regular file: no link, no device, no folder. */
export function openRecords(path: string, take: (piece: Piece) => void): OpenedRecords {
  let size = 0;
  let mark: Mark | undefined;
  let isSound = true;
  let isNamed = true;
  let format: OpenedRecords['format'] = 'none';

  reading(path, ({ file, bytes }) => {
    size = bytes;
    const head = readHead(readAll(file, 0, headBytes + frameHeadBytes));
    format = head === undefined ? 'other' : 'records';
    isSound = head !== undefined;
    if (head === undefined) return;
    mark = head.mark;
    for (const piece of scan(file, size, head)) {
      if (piece.kind === 'damage') isSound = false;
      take(piece);
    }
  });

  /** Nothing was promised yet: the first durable record brings file and name to the disk. */
  const create = () => {
    const fresh = newMark();
    const opened = openSync(path, 'wx', 0o600);
    try {
      writeAll(opened, headOf(fresh, headBytes), 0);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(opened);
    }
    mark = fresh;
    size = headBytes;
    isSound = true;
    isNamed = false;
    format = 'records';
  };

  const file: RecordFile = {
    get bytes() {
      return size;
    },
    get isSound() {
      return isSound;
    },
    append(bodies, { durable }) {
      if (format === 'none') create();
      if (mark === undefined || !isSound) throw new Error('the file must be replaced first');
      const known = mark;
      let end = size;
      const spans: Span[] = [];
      const frames = bodies.flatMap((body) => {
        const head = frameHead(known, body);
        spans.push(spanOf(body, head, end));
        end += head.length + body.length;
        return [head, body];
      });
      let opened: Opened | undefined;
      try {
        opened = openFile(path, constants.O_RDWR);
        // Whoever cut it, or put another file there: what was in it is gone, and what is added must not hide that.
        if (opened.bytes < size) throw Object.assign(new Error('it was cut off'), { code: 'ESTALE' });
        writeAll(opened.file, Buffer.concat(frames), size);
        if (durable) {
          fdatasyncSync(opened.file);
          if (!isNamed) syncFolder(dirname(path));
          isNamed = true;
          writeAll(opened.file, firstSector(known, end), 0);
        }
        size = end;
        return spans;
      } catch (error) {
        if (isSystemError(error, 'ENOENT', 'ESTALE')) isSound = false;
        else if (opened !== undefined) takeBack(opened.file, size);
        throw error;
      } finally {
        if (opened !== undefined) closeSync(opened.file);
      }
    },
    read({ offset, length, sum }) {
      const body = reading(path, ({ file }) => readAll(file, offset, length));
      return body !== undefined && body.length === length && sumOf(body) === sum ? body : undefined;
    },
    replace(bodies) {
      const fresh = newMark();
      const spans: Span[] = [];
      let end = headBytes;
      replaceFile(path, 0o600, (opened) => {
        let batch: Uint8Array[] = [];
        let written = headBytes;
        const flush = () => {
          writeAll(opened, Buffer.concat(batch), written);
          written = end;
          batch = [];
        };
        for (const body of bodies) {
          const head = frameHead(fresh, body);
          spans.push(spanOf(body, head, end));
          batch.push(head, body);
          end += head.length + body.length;
          if (end - written > batchBytes) flush();
        }
        flush();
        writeAll(opened, headOf(fresh, end), 0);
      });
      mark = fresh;
      size = end;
      isSound = true;
      format = 'records';
      return spans;
    },
  };
  return { file, format };
}

function spanOf(body: Uint8Array, head: Buffer, at: number): Span {
  return { offset: at + frameHeadBytes, length: body.length, sum: bodySum(head) };
}

/** What was written of records that did not all fit. When even this fails, the next write goes over it. */
function takeBack(file: number, size: number): void {
  try {
    ftruncateSync(file, size);
  } catch {
    // The disk is past helping: the error that led here says so.
  }
}

interface Opened {
  readonly file: number;
  readonly bytes: number;
}

/** Undefined when there is no file. Any other trouble is not "no file". */
function reading<Value>(path: string, read: (opened: Opened) => Value): Value | undefined {
  let opened: Opened;
  try {
    opened = openFile(path, constants.O_RDONLY);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return read(opened);
  } finally {
    closeSync(opened.file);
  }
}

/** Follows no link, waits for no pipe, takes no device or folder. */
function openFile(path: string, flags: number): Opened {
  const file = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const status = fstatSync(file);
  if (status.isFile()) return { file, bytes: status.size };
  closeSync(file);
  throw Object.assign(new Error('it is not a regular file'), { code: 'EINVAL' });
}
