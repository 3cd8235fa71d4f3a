/** Where the whole of an output goes that is too long to be kept in memory. */
export interface Spill {
  /** Never throws: a disk that is full costs the rest of the copy, not the command. */
  write(bytes: Uint8Array): void;
  /** Ends it, and says in half a sentence how the whole can be read, or why it cannot. */
  finish(): string;
}

export interface Output {
  /** Bytes that came so far. */
  total(): number;
  add(chunk: Uint8Array): void;
  text(): string;
}

export interface OutputLimit {
  /** Bytes kept in memory: half of them from the beginning, half from the end when it is longer. */
  readonly bytes: number;
  /** Opened when more comes than that. */
  readonly spill?: (() => Spill) | undefined;
}

/** Takes what a command prints: memory is bounded, what is left out in the middle is counted, and kept if it can be. */
export function collectOutput({ bytes: limit, spill: openSpill }: OutputLimit): Output {
  const head = growing(Math.ceil(limit / 2));
  const tail = ring(Math.floor(limit / 2));
  let total = 0;
  let spill: Spill | undefined;
  return {
    total: () => total,
    add(chunk) {
      if (total <= limit && total + chunk.length > limit) {
        spill = openSpill?.();
        spill?.write(head.bytes());
        spill?.write(tail.bytes());
      }
      spill?.write(chunk);
      total += chunk.length;
      tail.add(chunk.subarray(head.add(chunk)));
    },
    text() {
      if (total <= limit) return Buffer.concat([head.bytes(), tail.bytes()]).toString('utf8');
      const [first, last] = [wholeAtEnd(head.bytes()), wholeAtStart(tail.bytes())];
      const where = spill === undefined ? '' : `; ${spill.finish()}`;
      const cut = `[${total - first.length - last.length} of ${total} bytes are left out here${where}]`;
      return `${first.toString('utf8')}\n${cut}\n${last.toString('utf8')}`;
    },
  };
}

/** Keeps the first bytes: many small chunks cost no more than they hold. */
function growing(limit: number): { add(chunk: Uint8Array): number; bytes(): Buffer } {
  let buffer = Buffer.alloc(Math.min(limit, 4_096));
  let length = 0;
  return {
    /** How many of the chunk's bytes it took. */
    add(chunk) {
      const part = chunk.subarray(0, limit - length);
      if (length + part.length > buffer.length) {
        const larger = Buffer.alloc(Math.min(limit, Math.max(buffer.length * 2, length + part.length)));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      buffer.set(part, length);
      length += part.length;
      return part.length;
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/** Keeps the last bytes. */
function ring(size: number): { add(chunk: Uint8Array): void; bytes(): Buffer } {
  let buffer: Buffer | undefined;
  let [next, filled] = [0, 0];
  return {
    add(chunk) {
      if (chunk.length === 0 || size === 0) return;
      buffer ??= Buffer.alloc(size);
      const part = chunk.subarray(Math.max(0, chunk.length - size));
      const untilEnd = Math.min(part.length, size - next);
      buffer.set(part.subarray(0, untilEnd), next);
      buffer.set(part.subarray(untilEnd), 0);
      next = (next + part.length) % size;
      filled = Math.min(size, filled + part.length);
    },
    bytes() {
      if (buffer === undefined) return Buffer.alloc(0);
      if (filled < size) return buffer.subarray(0, filled);
      return Buffer.concat([buffer.subarray(next), buffer.subarray(0, next)]);
    },
  };
}

/** Without the beginning of a letter whose end was cut off. */
function wholeAtEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return bytes;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.subarray(0, -back) : bytes;
  }
  return bytes;
}

/** Without the end of a letter whose beginning was cut off. */
function wholeAtStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < Math.min(4, bytes.length) && ((bytes[start] as number) & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}
