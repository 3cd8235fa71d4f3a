import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#base/time.ts';
import { pages } from '#cli/pages.ts';
import { encode } from '#wire/codec.ts';
import { pageBytes, pageRows } from '#wire/limits.ts';
import { pageOf } from '#wire/page.ts';
import { createPager } from './pager.ts';

test('a hundred thousand rows come in pages, sorted once, each of them once', async () => {
  let sorted = 0;
  const all = () => {
    sorted++;
    return Array.from({ length: 100_000 }, (_, at) => `node-${String(at).padStart(6, '0')}`);
  };
  const shown = (peel: string) => ({ peel, online: true, os: 'debian', version: '1.2.3', address: '10.0.0.1' });
  const pager = createPager({ all, keyOf: String, shown, clock: systemClock });
  const seen = new Set<string>();

  const started = performance.now();
  const following = pages({
    ask: async (after) => pager.page('*', { after }),
    rows: ({ rows }) => rows.length,
  });
  for await (const page of following) {
    assert.ok(encode(page.rows).length <= pageBytes + 16);
    assert.ok(page.rows.length <= pageRows);
    for (const { peel } of page.rows) seen.add(peel);
  }

  assert.equal(seen.size, 100_000);
  assert.equal(sorted, 1);
  assert.ok(performance.now() - started < 10_000);
});

test('a cursor is a place in the order, also when its row is gone', () => {
  let rows = ['a', 'b', 'c', 'd'];
  const pager = createPager({ all: () => rows, keyOf: String, shown: String, clock: systemClock });

  const first = pager.page(1, { limit: 2 });
  rows = ['a', 'c', 'd'];

  assert.deepEqual(first, { rows: ['a', 'b'], total: 4, next: 'b' });
  assert.deepEqual(pager.page(2, { after: 'b' }).rows, ['c', 'd']);
});

test('a page has one row at least, however large', () => {
  const rows = ['x'.repeat(pageBytes), 'y'];

  assert.deepEqual(pageOf(rows, { keyOf: String }).rows.length, 1);
});

test('pages that lead nowhere are left', async () => {
  const follow = async (cursors: readonly string[]) => {
    let at = 0;
    for await (const _ of pages({ ask: async () => ({ next: cursors[at++ % cursors.length] }), rows: () => 1 }));
  };

  await assert.rejects(follow(['a']), { code: 'PAGES_ENDLESS' });
  await assert.rejects(follow(['a', 'c', 'b']), { code: 'PAGES_ENDLESS' });
});
