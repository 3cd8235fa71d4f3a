import { readFileSync } from 'node:fs';
import { decode } from '#wire/codec.ts';

/** As journals were until they had sums: four bytes of length, then the record with its payload. */
export type OldRecord =
  | { readonly t: 'accepted'; readonly jid: string; readonly deadline: number }
  | {
      readonly t: 'answered';
      readonly jid: string;
      readonly success: boolean;
      readonly deadline: number;
      readonly payload: Uint8Array;
    }
  | { readonly t: 'stored'; readonly jid: string; readonly at: number };

export interface OldJournal {
  readonly records: readonly OldRecord[];
  /** Bytes that are no record. */
  readonly damaged: number;
}

const lengthBytes = 4;

/** Reads one once, to write it anew. A record that does not decode is stepped over by its length. */
export function readOldJournal(path: string): OldJournal {
  const data = readFileSync(path);
  const records: OldRecord[] = [];
  let damaged = 0;
  let at = 0;
  while (at + lengthBytes <= data.length) {
    const end = at + lengthBytes + data.readUInt32LE(at);
    if (end > data.length) break;
    const record = recordIn(data.subarray(at + lengthBytes, end));
    if (record === undefined) damaged += end - at;
    else records.push(record);
    at = end;
  }
  // Without sums nobody can tell what a crash left of the last write from a damaged length.
  return { records, damaged: damaged + (data.length - at) };
}

function recordIn(bytes: Uint8Array): OldRecord | undefined {
  try {
    const record = decode(bytes, { maxBytes: bytes.length }) as Partial<OldRecord> | null;
    const isRecord = record?.t === 'accepted' || record?.t === 'answered' || record?.t === 'stored';
    return isRecord && typeof record.jid === 'string' ? (record as OldRecord) : undefined;
  } catch {
    return undefined;
  }
}
