import { ZesterError } from '#base/errors.ts';
import { decode, encode } from '#wire/codec.ts';
import { envelopeBytes, returnBytes } from '#wire/limits.ts';

const headBytes = 4;

/** Records in a stream or a file: four bytes of length, little-endian, then MessagePack. */
export function toFrame(message: unknown): Uint8Array {
  const body = encode(message);
  const framed = Buffer.alloc(headBytes + body.length);
  framed.writeUInt32LE(body.length);
  framed.set(body, headBytes);
  return framed;
}

export interface FrameReader<Message> {
  take(message: Message): void;
  /** Told of each message that is too long or cannot be read; the ones after it are read all the same. */
  refuse(error: ZesterError): void;
  readonly maxBytes?: number;
}

/** Calls for each message of a pipe as it arrives. One over the limit is passed over without being held. */
export function readFrames<Message>(
  stream: NodeJS.ReadableStream | null,
  { take, refuse, maxBytes = returnBytes + envelopeBytes }: FrameReader<Message>,
): void {
  let chunks: Buffer[] = [];
  let held = 0;
  /** Bytes of a refused message that are still to come. */
  let skipping = 0;
  const join = (): Buffer => {
    const [only] = chunks;
    const joined = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
    chunks = [joined];
    return joined;
  };
  const drop = (bytes: number) => {
    const rest = join().subarray(bytes);
    chunks = rest.length === 0 ? [] : [rest];
    held = rest.length;
  };
  /** True when it got on. */
  const step = (): boolean => {
    if (skipping > 0) {
      const passed = Math.min(skipping, held);
      skipping -= passed;
      drop(passed);
      return skipping === 0 && held > 0;
    }
    if (held < headBytes) return false;
    const first = chunks[0] as Buffer;
    const length = (first.length >= headBytes ? first : join()).readUInt32LE(0);
    if (length > maxBytes) {
      refuse(tooLong(length, maxBytes));
      skipping = headBytes + length;
      return true;
    }
    if (held < headBytes + length) return false;
    const body = join().subarray(headBytes, headBytes + length);
    drop(headBytes + length);
    read(body, { take, refuse });
    return held > 0;
  };
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    while (step());
  });
}

function read<Message>(body: Buffer, { take, refuse }: Pick<FrameReader<Message>, 'take' | 'refuse'>): void {
  let message: Message;
  try {
    message = decode(body) as Message;
  } catch (error) {
    if (!(error instanceof ZesterError)) throw error;
    refuse(error);
    return;
  }
  take(message);
}

/** The messages that are whole, and the bytes of one that is not. */
export function splitFrames(bytes: Buffer): { readonly messages: readonly unknown[]; readonly rest: Buffer } {
  const messages: unknown[] = [];
  let start = 0;
  while (start + headBytes <= bytes.length) {
    const end = start + headBytes + bytes.readUInt32LE(start);
    if (bytes.length < end) break;
    messages.push(decode(bytes.subarray(start + headBytes, end)));
    start = end;
  }
  return { messages, rest: bytes.subarray(start) };
}

function tooLong(length: number, maxBytes: number): ZesterError {
  return new ZesterError(
    'machine',
    'FRAME_TOO_LONG',
    `Cannot take a message of ${length} bytes: at most ${maxBytes} are allowed`,
    { hint: 'Ask for less at once' },
  );
}
