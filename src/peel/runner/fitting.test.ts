import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '#wire/codec.ts';
import type { Outcome } from '#wire/outcome.ts';
import type { RunResult } from '../shared/run-protocol.ts';
import { fitting } from './fitting.ts';

const limit = 100_000;

function travels(result: RunResult): RunResult {
  const encoded = encode(result);
  assert.ok(encoded.length <= limit, `${encoded.length} bytes`);
  return decode(encoded) as RunResult;
}

function outcome(index: number, more: Partial<Outcome> = {}): Outcome {
  return { id: `id-${index}`, state: 'file.managed', name: '', result: 'changed', startedAt: 0, ms: 1, ...more };
}

test('what fits is left alone', () => {
  const result = { success: true, value: { a: [1, 'x', new Uint8Array(3)] } };

  assert.equal(fitting(result, limit), result);
});

test('long texts lose their middle, wherever they are, and nothing else changes', () => {
  const value = {
    short: 'kept',
    long: `start${'ä'.repeat(200_000)}end`,
    list: ['y'.repeat(300_000)],
    raw: new Uint8Array(200_000),
  };

  const { success, value: short } = travels(fitting({ success: true, value }, limit)) as {
    success: boolean;
    value: typeof value;
  };

  assert.equal(success, true);
  assert.equal(short.short, 'kept');
  assert.match(short.long, /^startä+\n\[\d+ of 400008 bytes are left out here: .*\]\nä+end$/);
  assert.match(short.list[0] ?? '', /^y+\n\[\d+ of 300000 bytes/);
  assert.match(String(short.raw), /^\[200000 of 200000 bytes/);
});

test('a list of very many small things becomes an error that says how large it is', () => {
  const { success, value, error } = travels(fitting({ success: true, value: Array(50_000).fill('four') }, limit));

  assert.deepEqual([success, value, error?.code], [false, undefined, 'RESULT_TOO_LARGE']);
  assert.equal(error?.details?.success, 'true');
});

test('a report that is too large says of each state what became of it, without its changes', () => {
  const outcomes = Array.from({ length: 500 }, (_, index) => outcome(index, { diff: 'd'.repeat(900) }));
  const report = { test: false, outcomes, counts: { changed: 500 }, ms: 1 };

  const short = travels(fitting({ success: true, report }, limit));

  assert.equal(short.success, true);
  assert.equal(short.report?.outcomes.length, 500);
  assert.match(short.report?.outcomes[7]?.comment ?? '', /changes are left out/);
});

test('a report of too many states keeps its counts', () => {
  const outcomes = Array.from({ length: 5_000 }, (_, index) => outcome(index));
  const report = { test: false, outcomes, counts: { changed: 5_000 }, ms: 1 };

  const { success, error } = travels(fitting({ success: true, report }, limit));

  assert.deepEqual([success, error?.code, error?.details?.outcomes], [false, 'RESULT_TOO_LARGE', '5000 changed']);
});

test('what no message can carry becomes an error', () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  let deep: unknown = 'bottom';
  for (let each = 0; each < 100; each++) deep = [deep];

  for (const value of [new Date(), loop, deep, Array(250_000).fill(0)]) {
    const { success, error } = fitting({ success: true, value });

    assert.equal(success, false);
    assert.match(error?.code ?? '', /^(MESSAGE_MALFORMED|RESULT_UNSENDABLE)$/);
  }
});
