import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';

/** Stands for content that is not carried in changes: binary, or too long to show or keep. */
export interface ContentNote {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * A file's content as changes carry it: text as itself, so that it can be shown as a diff and put back by a later
 * revert; anything else as a note, which still tells two contents apart.
 */
export type Content = string | ContentNote;

/** Texts longer than this are noted, not carried. */
export const carriedBytes = 1024 * 1024;

export function contentOf(bytes: Uint8Array): Content {
  const text = bytes.length <= carriedBytes ? textOf(bytes) : undefined;
  return text ?? { sha256: sha256(bytes), bytes: bytes.length };
}

/** UTF-8 text of the bytes, or undefined when they are not text. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0) || !isUtf8(bytes)) return undefined;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function isContentNote(value: unknown): value is ContentNote {
  return typeof value === 'object' && value !== null && 'sha256' in value && 'bytes' in value;
}

/**
 * The bytes a change stands for: its own text, or, for a note, what is made again, which must still be what was planned.
 * Throws `CONTENT_MOVED`.
 */
export async function sameContent(planned: Content, again: () => Promise<Uint8Array | undefined>): Promise<Uint8Array> {
  if (typeof planned === 'string') return bytesOf(planned);
  const bytes = (await again()) ?? new Uint8Array();
  if (sha256(bytes) === planned.sha256) return bytes;
  throw new ZesterError('machine', 'CONTENT_MOVED', 'Cannot write the planned content: its source has changed since', {
    hint: 'Plan again',
  });
}
