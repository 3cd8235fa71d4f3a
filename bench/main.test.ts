import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../tools/flags.ts';
import { table } from './main.ts';
import { distribution, median, percentile } from './stats.ts';

test('percentiles are values of the sample, the median its middle', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);

  assert.equal(median(values), 50.5);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(percentile(values, 0.99), 99);
  assert.deepEqual(distribution(values), { count: 100, min: 1, p50: 50.5, p90: 90, p99: 99, max: 100 });
  assert.ok(Number.isNaN(median([])));
});

test('a table has a row for every value', () => {
  assert.equal(
    table({ peels: 2_000, latencyMs: { p50: 1.23456 }, ok: true }),
    'peels          2,000\nlatencyMs.p50  1.235\nok             true',
  );
});

test('flags take the next word, except those that never do', () => {
  const { words, flags } = parseFlags(['ping', '--json', '--peels', '10', '--tls', '--url=a=b', 'rest']);

  assert.deepEqual(words, ['ping', 'rest']);
  assert.deepEqual(flags, { json: true, peels: '10', tls: true, url: 'a=b' });
});
