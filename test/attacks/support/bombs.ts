/** Bytes of MessagePack that claim, nest or hold what no message may. */
export const bombs: Readonly<Record<string, Uint8Array>> = {
  'a list that claims four billion items': bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
  'a map that claims four billion entries': bytes(0xdf, 0xff, 0xff, 0xff, 0xff),
  'bytes that claim four billion': bytes(0xc6, 0xff, 0xff, 0xff, 0xff),
  'a text that claims four billion letters': bytes(0xdb, 0xff, 0xff, 0xff, 0xff),
  'a list of more items than any message holds': list(250_000),
  'lists inside one another, a hundred thousand deep': Buffer.alloc(100_000, 0x91),
  'maps inside one another, fifty thousand deep': Buffer.concat(new Array(50_000).fill(bytes(0x81, 0xa1, 0x61))),
  'lists of lists of lists, each claiming what follows': Buffer.concat(
    new Array(60).fill(bytes(0xdd, 0, 0xff, 0xff, 0xff)),
  ),
  'a key called __proto__': Buffer.concat([bytes(0x81, 0xa9), Buffer.from('__proto__'), bytes(0x81, 0xa1, 0x78, 0x01)]),
  'an integer beyond what a number holds': bytes(
    0x81,
    0xa1,
    0x76,
    0xcf,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
  ),
  'a negative integer beyond what a number holds': bytes(0x81, 0xa1, 0x76, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0),
  'an extension type': bytes(0xd4, 0x01, 0x00),
  'mixed maps inside one another, a hundred thousand deep': mixedMaps(100_000),
  'a time': bytes(0xd6, 0xff, 0, 0, 0, 0),
  'an extension that claims four billion bytes': bytes(0xc9, 0xff, 0xff, 0xff, 0xff, 0x01),
  'the type that is never used': bytes(0xc1),
  'something after the end': bytes(0x80, 0x80),
  'a map whose last value is missing': bytes(0x82, 0xa1, 0x61, 0x01, 0xa1, 0x62),
  'nothing at all': bytes(),
};

function bytes(...all: number[]): Uint8Array {
  return Uint8Array.from(all);
}

function list(items: number): Uint8Array {
  const made = Buffer.alloc(5 + items, 0xc0);
  made[0] = 0xdd;
  made.writeUInt32BE(items, 1);
  return made;
}

/** Each holds the next one alone, where its keys and values should be. */
function mixedMaps(levels: number): Uint8Array {
  const made = Buffer.alloc(levels * 6 + 1, 0x90);
  for (let level = 0; level < levels; level++) {
    made.set([0xc9, 0, 0, 0, 0, 2], level * 6);
    made.writeUInt32BE((levels - level - 1) * 6 + 1, level * 6 + 1);
  }
  return made;
}
