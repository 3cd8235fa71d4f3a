import { decode, encode } from '#wire/codec.ts';

/** What the journal says of a job, or of itself. Times are milliseconds since the Unix epoch; `at` is that of writing. */
export type LogRecord =
  | {
      readonly t: 'accepted';
      readonly jid: string;
      readonly deadline: number;
      readonly at: number;
    }
  | {
      readonly t: 'answered';
      readonly jid: string;
      readonly success: boolean;
      readonly deadline: number;
      readonly at: number;
      /** The payload could not be read any more when the journal was written anew. */
      readonly lost?: boolean;
    }
  | { readonly t: 'stored'; readonly jid: string; readonly at: number }
  | { readonly t: 'fence'; readonly until: number };

const lengthBytes = 4;

/** The payload follows as it is: no limit of the codec applies to it, and nobody decodes it to find the record. */
export function toBody(record: LogRecord, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const head = encode(record);
  const body = Buffer.alloc(lengthBytes + head.length + payload.length);
  body.writeUInt32LE(head.length);
  body.set(head, lengthBytes);
  body.set(payload, lengthBytes + head.length);
  return body;
}

/** Throws `MESSAGE_MALFORMED`; the sum was right, so this is no damage but another version's record. */
export function fromBody(body: Buffer): LogRecord {
  return decode(body.subarray(lengthBytes, lengthBytes + body.readUInt32LE())) as LogRecord;
}

export function payloadOf(body: Buffer): Uint8Array {
  return body.subarray(lengthBytes + body.readUInt32LE());
}
