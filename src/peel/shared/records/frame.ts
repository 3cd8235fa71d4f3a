import { randomBytes } from 'node:crypto';

/**
 * The bytes of a file of records.
 *
 *     head   two sectors, each: "ZESTER\0\2" | mark (8) | promised (8) | sum of these (4)
 *     frame  mark (8) | length of the body (4) | sum of the body (4) | sum of these (4) | body
 *
 * The mark is drawn for each file: where something was damaged, the next frame is found by it, and nothing that
 * somebody else put into a body can be taken for one. A frame's own sum lets a damaged body be stepped over. `promised`
 * is how long the file was when it was last known to be on the disk: a file that is shorter has lost something. Sums are
 * CRC-32; numbers are little-endian.
 */
export const headBytes = 1_024;
export const frameHeadBytes = 20;
const copyAt = 512;
const magic = Buffer.from('ZESTER\0\u0002', 'latin1');
const markBytes = 8;
const coveredBytes = 24;

export type Mark = Buffer;

export interface Head {
  readonly mark: Mark;
  /** Unknown when the first sector is damaged. */
  readonly promised: number | undefined;
}

export interface FrameHead {
  readonly length: number;
  readonly sum: number;
}

export function newMark(): Mark {
  return randomBytes(markBytes);
}

/** Both sectors. Only the first is written again, alone: a write that tears leaves the other. */
export function headOf(mark: Mark, promised: number): Buffer {
  const head = Buffer.alloc(headBytes);
  firstSector(mark, promised).copy(head);
  firstSector(mark, 0).copy(head, copyAt);
  return head;
}

export function firstSector(mark: Mark, promised: number): Buffer {
  const sector = Buffer.alloc(coveredBytes + 4);
  magic.copy(sector);
  mark.copy(sector, 8);
  sector.writeBigUInt64LE(BigInt(promised), 16);
  sector.writeUInt32LE(sumOf(sector.subarray(0, coveredBytes)), coveredBytes);
  return sector;
}

/** Undefined for a file that is none of ours, or whose head and first frame are both damaged. */
export function readHead(bytes: Buffer): Head | undefined {
  const first = readSector(bytes.subarray(0, copyAt));
  if (first !== undefined) return first;
  const copy = readSector(bytes.subarray(copyAt, headBytes));
  if (copy !== undefined) return { mark: copy.mark, promised: undefined };
  const mark = bytes.subarray(headBytes, headBytes + markBytes);
  const isFrame = readFrameHead(bytes.subarray(headBytes), mark) !== undefined;
  return isFrame ? { mark: Buffer.from(mark), promised: undefined } : undefined;
}

function readSector(bytes: Buffer): Head | undefined {
  if (bytes.length < coveredBytes + 4 || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (bytes.readUInt32LE(coveredBytes) !== sumOf(bytes.subarray(0, coveredBytes))) return undefined;
  return { mark: Buffer.from(bytes.subarray(8, 16)), promised: Number(bytes.readBigUInt64LE(16)) };
}

/** The head alone: the body follows it, and need not be copied for it. */
export function frameHead(mark: Mark, body: Uint8Array): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  mark.copy(head);
  head.writeUInt32LE(body.length, 8);
  head.writeUInt32LE(sumOf(body), 12);
  head.writeUInt32LE(sumOf(head.subarray(0, 16)), 16);
  return head;
}

/** The body's sum, as its frame's head has it. */
export function bodySum(head: Buffer): number {
  return head.readUInt32LE(12);
}

export function readFrameHead(bytes: Buffer, mark: Mark): FrameHead | undefined {
  if (bytes.length < frameHeadBytes || !bytes.subarray(0, markBytes).equals(mark)) return undefined;
  if (bytes.readUInt32LE(16) !== sumOf(bytes.subarray(0, 16))) return undefined;
  return { length: bytes.readUInt32LE(8), sum: bytes.readUInt32LE(12) };
}

/** The runtime's own: `node:zlib` has it too, and brings ten megabytes into a process that is on every host for ever. */
export function sumOf(bytes: Uint8Array): number {
  return runtime.hash.crc32(bytes);
}

const { Bun: runtime } = globalThis as unknown as { Bun: { readonly hash: { crc32(bytes: Uint8Array): number } } };
