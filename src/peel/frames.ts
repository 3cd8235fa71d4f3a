import { decode, encode } from '#wire/codec.ts';

/** Records in a stream or a file: four bytes of length, little-endian, then MessagePack. */
export function toFrame(message: unknown): Uint8Array {
  const body = encode(message);
  const framed = Buffer.alloc(4 + body.length);
  framed.writeUInt32LE(body.length);
  framed.set(body, 4);
  return framed;
}

/** Calls for each message of a pipe as it arrives. */
export function readFrames<Message>(stream: NodeJS.ReadableStream | null, take: (message: Message) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  stream?.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    const { messages, rest } = splitFrames(buffered);
    buffered = rest;
    for (const message of messages) take(message as Message);
  });
}

/** The messages that are whole, and the bytes of one that is not. */
export function splitFrames(bytes: Buffer): { readonly messages: readonly unknown[]; readonly rest: Buffer } {
  const messages: unknown[] = [];
  let start = 0;
  while (start + 4 <= bytes.length) {
    const end = start + 4 + bytes.readUInt32LE(start);
    if (bytes.length < end) break;
    messages.push(decode(bytes.subarray(start + 4, end)));
    start = end;
  }
  return { messages, rest: bytes.subarray(start) };
}
