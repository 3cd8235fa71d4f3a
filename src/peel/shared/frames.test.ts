import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ZesterError } from '#base/errors.ts';
import { readFrames, toFrame } from './frames.ts';

function reader(maxBytes?: number) {
  const stream = new PassThrough();
  const taken: unknown[] = [];
  const refused: ZesterError[] = [];
  readFrames(stream, {
    take: (message) => void taken.push(message),
    refuse: (error) => void refused.push(error),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return { stream, taken, codes: () => refused.map(({ code }) => code) };
}

test('messages come whole, however the pipe cuts them', async () => {
  const { stream, taken, codes } = reader();
  const all = Buffer.concat([toFrame({ a: 1 }), toFrame('x'.repeat(300)), toFrame([]), toFrame({ b: 2 })]);

  for (let at = 0; at < all.length; at += 7) stream.emit('data', all.subarray(at, at + 7));
  stream.emit('data', Buffer.concat([all, all]));

  assert.deepEqual(taken.slice(0, 4), [{ a: 1 }, 'x'.repeat(300), [], { b: 2 }]);
  assert.equal(taken.length, 12);
  assert.deepEqual(codes(), []);
});

test('one over the limit is refused, and those around it are read', () => {
  for (const piece of [1_000_000, 100, 3]) {
    const { stream, taken, codes } = reader(1_000);
    const all = Buffer.concat([toFrame('before'), toFrame('x'.repeat(5_000)), toFrame('after')]);

    for (let at = 0; at < all.length; at += piece) stream.emit('data', all.subarray(at, at + piece));

    assert.deepEqual(taken, ['before', 'after']);
    assert.deepEqual(codes(), ['FRAME_TOO_LONG']);
  }
});

test('a length that is a lie is refused at once, before anything is held for it', () => {
  const { stream, taken, codes } = reader();

  stream.emit('data', Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));

  assert.deepEqual([taken, codes()], [[], ['FRAME_TOO_LONG']]);
});

test('what is no message is refused, and the next one is read', () => {
  const { stream, taken, codes } = reader();
  const junk = Buffer.from([3, 0, 0, 0, 0xc1, 0xc1, 0xc1]);

  stream.emit('data', Buffer.concat([junk, toFrame('after')]));

  assert.deepEqual([taken, codes()], [['after'], ['MESSAGE_MALFORMED']]);
});
