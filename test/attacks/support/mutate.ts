export interface Mutating {
  readonly count: number;
  /** The same seed gives the same mutations: what broke something can be sent again. */
  readonly seed: number;
}

/** Things that have a meaning where they do not belong. */
const nasty = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '//',
  'http://[',
  '%',
  'Content-Length: 99999999999999999999\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Connection: Upgrade\r\nUpgrade: websocket\r\n',
  'fffffffffffffffff\r\n',
  '{"__proto__":{}}',
  '\u{1f600}',
  'GET ',
  'HTTP/1.1',
  'HTTP/2.0',
  'y'.repeat(9_000),
];

/** Texts that were right once, each changed in one to four places. */
export function* mutations(texts: readonly string[], { count, seed }: Mutating): Generator<Buffer> {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let each = 0; each < count; each++) {
    let bytes = Buffer.from(texts[below(texts.length)] ?? '');
    for (let change = below(4); change >= 0; change--) bytes = changed(bytes, below);
    yield bytes;
  }
}

function changed(bytes: Buffer, below: (limit: number) => number): Buffer<ArrayBuffer> {
  const at = below(bytes.length + 1);
  const end = Math.min(bytes.length, at + below(20));
  const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (below(5)) {
    case 0:
      return Buffer.concat([before, Buffer.from(nasty[below(nasty.length)] ?? ''), cut, after]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, cut, cut, cut, after]);
    case 3:
      return Buffer.concat([before, Buffer.from(Array.from(cut, () => below(256))), after]);
    default:
      return Buffer.concat([before]);
  }
}

/** A small generator of numbers from 0 to 1 that depend on the seed alone. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
