import { readAll } from '#base/disk.ts';
import { frameHeadBytes, type Head, headBytes, type Mark, readFrameHead, sumOf } from './frame.ts';

/** Where a body lies in its file, and what it sums up to. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  readonly sum: number;
}

/** What a part of the file turned out to be. */
export type Piece =
  | { readonly kind: 'record'; readonly body: Buffer; readonly span: Span }
  /** Bytes that are no record any more, or that are missing. */
  | ({ readonly kind: 'damage' } & Damage);

export interface Damage {
  readonly offset: number;
  readonly bytes: number;
  /** It was known to be on the disk. */
  readonly promised: boolean;
  /** What a crash left of the last write: it is at the end, and nobody relied on it. */
  readonly torn: boolean;
}

const searchBytes = 65_536;

/** Everything in the file, in its order: a damaged record costs itself, and what follows it is found again. */
export function* scan(file: number, size: number, head: Head): Generator<Piece, void> {
  const { mark } = head;
  const promised = head.promised ?? Number.POSITIVE_INFINITY;
  const damage = (offset: number, end: number): Piece => {
    const isPromised = offset < promised;
    return { kind: 'damage', offset, bytes: end - offset, promised: isPromised, torn: !isPromised && end === size };
  };
  if (head.promised === undefined) yield { kind: 'damage', offset: 0, bytes: headBytes, promised: false, torn: false };
  let at = headBytes;
  while (at < size) {
    const found = readFrameHead(readAll(file, at, frameHeadBytes), mark);
    const bodyAt = at + frameHeadBytes;
    const end = found === undefined ? undefined : bodyAt + found.length;
    if (found === undefined || end === undefined || end > size) {
      const next = nextFrame(file, size, mark, at + 1);
      // What is missing at the end belongs to it.
      const until = next === size ? Math.max(size, head.promised ?? 0) : next;
      yield damage(at, until);
      at = until;
      continue;
    }
    const body = readAll(file, bodyAt, found.length);
    if (sumOf(body) === found.sum) yield { kind: 'record', body, span: { offset: bodyAt, ...found } };
    else yield damage(at, end);
    at = end;
  }
  if (head.promised !== undefined && at < head.promised) yield damage(at, head.promised);
}

/** Where the next frame begins; the end of the file when there is none. */
function nextFrame(file: number, size: number, mark: Mark, from: number): number {
  for (let at = from; at < size; at += searchBytes) {
    // A frame's head may lie across two of these.
    const bytes = readAll(file, at, searchBytes + frameHeadBytes);
    for (let hit = bytes.indexOf(mark); hit >= 0 && hit < searchBytes; hit = bytes.indexOf(mark, hit + 1)) {
      const found = readFrameHead(bytes.subarray(hit), mark);
      if (found !== undefined && at + hit + frameHeadBytes + found.length <= size) return at + hit;
    }
  }
  return size;
}
