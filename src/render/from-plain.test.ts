import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode, encode } from '#wire/codec.ts';
import { createRenderer, fromPlain, plain, toValue } from './render.ts';

describe('a value of a file comes through plain data and the wire with its type and face', () => {
  const renderer = createRenderer({ read: () => undefined });
  const scope = { facts: {}, settings: {}, id: 'web-01' };

  for (const [written, face] of [
    ['3.0', '3.0'],
    ['3', '3'],
    ['12345678901234567891', '12345678901234567891'],
    ['-9007199254740993', '-9007199254740993'],
    ['.inf', 'inf'],
    ['1.0e+16', '1e+16'],
    ['{80: http, true: a, null: b}', "{80: 'http', True: 'a', None: 'b'}"],
    ['{a: [1.0, {2: 3}]}', "{'a': [1.0, {2: 3}]}"],
    ['!!binary AAEC/w==', String.raw`b'\x00\x01\x02\xff'`],
    ['2024-01-02', '2024-01-02'],
    ['12:30:45', '45045'],
  ] as const) {
    test(written, () => {
      const document = renderer.renderDocument({ path: 'doc.yaml', text: `#!yaml\nvalue: ${written}`, scope });

      const settings = decode(encode(plain(document)));

      assert.equal(
        renderer.renderText({ path: 'x', text: '{{ pillar.value }}', scope: { ...scope, settings } }).text,
        face,
      );
      assert.deepEqual(plain(fromPlain(settings)), plain(toValue(document)));
    });
  }
});
