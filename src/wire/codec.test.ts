import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode as encodeAnything } from '@msgpack/msgpack';
import * as z from 'zod/mini';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { decode, decodeAs, encode } from './codec.ts';

const malformed = { code: 'MESSAGE_MALFORMED' };

describe('plain data', () => {
  const values: Readonly<Record<string, unknown>> = {
    nothing: null,
    truth: [true, false],
    integers: [0, 1, -1, 127, 128, -32, -33, 255, 256, 65_535, 65_536, -70_000, 2 ** 32, Number.MAX_SAFE_INTEGER],
    fractions: [0.5, -1.25, 1e300, Number.MIN_VALUE],
    texts: ['', 'é', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(300), 'x'.repeat(70_000)],
    bytes: [new Uint8Array(0), new Uint8Array(300).fill(7), new Uint8Array(70_000)],
    lists: [[], [[]], new Array(16).fill(1), new Array(70_000).fill(1)],
    numerals: [Numeral.whole(2n ** 53n), Numeral.whole(-(2n ** 64n)), Numeral.whole(10n ** 300n), Numeral.float(1)],
    'odd floats': [Numeral.float(-0), Numeral.float(1e300), Numeral.float(Number.NaN), Numeral.float(-1 / 0)],
    'mixed maps': [
      new MixedMap([
        [80, 'http'],
        [null, new MixedMap([[true, {}]])],
      ]),
      new MixedMap(),
    ],
    maps: [{}, { a: { b: {} } }, Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, at]))],
  };

  for (const [name, value] of Object.entries(values)) {
    test(`${name} come back as they were`, () => assert.deepEqual(decode(encode(value)), value));
  }

  test('leaves out what is undefined', () => {
    assert.deepEqual(decode(encode({ a: 1, b: undefined })), { a: 1 });
  });

  test('keeps every digit of an integer of any size', () => {
    assert.deepEqual(decode(encode([5n, 2n ** 63n])), [5, Numeral.whole(2n ** 63n)]);
  });

  test('carries a key that objects have a meaning for', () => {
    const value = { settings: JSON.parse('{"__proto__": {"a": 1}}') };

    assert.deepEqual(decode(encode(value)), { settings: new MixedMap([['__proto__', { a: 1 }]]) });
  });

  test('refuses to send what would come back as something else', () => {
    for (const value of [new Date(), new Set(), () => 1, Symbol('a'), new (class Odd {})()]) {
      assert.throws(() => encode({ value }), malformed);
    }
  });
});

describe('hostile bytes', () => {
  test('nested deeper than allowed are refused without being built', () => {
    const deep = (levels: number) => Buffer.concat([Buffer.alloc(levels, 0x91), Buffer.of(0xc0)]);

    assert.doesNotThrow(() => decode(deep(64)));
    assert.throws(() => decode(deep(65)), /nested deeper/);
    assert.throws(() => decode(deep(1_000_000)), /nested deeper/);
  });

  test('nested deeper than allowed by way of mixed maps are refused too', () => {
    let bytes = Buffer.of(0xc0);
    for (let level = 0; level < 40; level++) {
      const list = Buffer.concat([Buffer.of(0x92, 0xc0), bytes]);
      bytes = Buffer.concat([Buffer.of(0xc8, list.length >> 8, list.length & 0xff, 2), list]);
    }

    assert.throws(() => decode(bytes), /nested deeper/);
  });

  test('of mixed maps that hold each other, and no list, are refused before the stack is full', () => {
    const levels = 100_000;
    const bytes = Buffer.alloc(levels * 6 + 1, 0x90);
    for (let level = 0; level < levels; level++) {
      bytes.set([0xc9, 0, 0, 0, 0, 2], level * 6);
      bytes.writeUInt32BE((levels - level - 1) * 6 + 1, level * 6 + 1);
    }

    assert.throws(() => decode(bytes), /nested deeper/);
  });

  test('with numbers that are none, and maps with a key alone, are refused', () => {
    for (const [type, body] of [
      [1, Buffer.from('1e999x')],
      [1, Buffer.from('')],
      [1, Buffer.alloc(40_000, 0x39)],
      [2, Buffer.of(0x91, 0x01)],
      [2, Buffer.of(0x80)],
    ] as const) {
      const head = Buffer.from([0xc9, 0, 0, 0, 0, type]);
      head.writeUInt32BE(body.length, 1);
      assert.throws(() => decode(Buffer.concat([head, body])), malformed);
    }
  });

  test('that claim more than they hold are refused before anything is allocated', () => {
    const claims = [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xdc, 0xff, 0xff, 0xc0],
      [0xdb, 0xff, 0xff, 0xff, 0xff],
      [0xc6, 0x7f, 0xff, 0xff, 0xff],
      [0x91],
      [0x81, 0xa1],
      [0xcd, 0x01],
    ];
    for (const claim of claims) assert.throws(() => decode(Uint8Array.from(claim)), malformed, claim.join());
  });

  test('with __proto__ for a key are refused', () => {
    const bytes = Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from('__proto__'), Buffer.of(0x80)]);

    assert.throws(() => decode(bytes), malformed);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });

  test('with integers beyond 2^53, extension types, reserved bytes or a tail are refused', () => {
    const beyond = Buffer.concat([Buffer.of(0xcf), Buffer.alloc(8, 0xff)]);
    const below = Buffer.concat([Buffer.of(0xd3, 0x80), Buffer.alloc(7)]);
    for (const bytes of [
      beyond,
      below,
      encodeAnything(new Date()),
      Buffer.of(0xc1),
      Buffer.of(0xc0, 0xc0),
      Buffer.of(),
    ]) {
      assert.throws(() => decode(bytes), malformed);
    }
  });

  test('longer than allowed are refused', () => {
    assert.throws(() => decode(encode('x'.repeat(100)), { maxBytes: 50 }), malformed);
    assert.throws(() => decode(encode([1, 2, 3]), { maxItems: 2 }), malformed);
  });

  test('of any kind never do worse than being refused', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 1 + (random() % 40) }, () => (random() >> 8) & 0xff);
      try {
        decode(bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'MESSAGE_MALFORMED');
      }
    }
  });
});

test('a message that does not fit its schema names the place', () => {
  const schema = z.object({ peel: z.string() });

  assert.deepEqual(decodeAs(schema, encode({ peel: 'a' }), 'ack'), { peel: 'a' });
  assert.throws(() => decodeAs(schema, encode({ peel: 1 }), 'ack'), /Cannot read "ack": peel /);
});
