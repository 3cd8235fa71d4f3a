import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Enrollment } from '#wire/enroll.ts';
import { revokedBy, union } from './shut-out.ts';

const day = 86_400_000;
const now = 1_000 * day;

test('who is shut out is whom any source names, from the latest moment any names', () => {
  const shut = union(
    [
      { key: 'A', at: 5 },
      { key: 'B', at: 7 },
      { key: 'A', at: 9 },
      { key: 'A', at: 3 },
    ],
    now,
  );

  assert.deepEqual(shut, { A: 9, B: 7 });
});

test('an entry is left out only when every JWT it voids has certainly expired', () => {
  const over = now - 8 * day;

  assert.deepEqual(union([{ key: 'A', at: 5, until: over }], now), {});
  assert.deepEqual(union([{ key: 'A', at: 5, until: now - 6 * day }], now), { A: 5 });
  assert.deepEqual(union([{ key: 'A', at: 5 }], now), { A: 5 });
  // One who knows is enough, of one revocation; of a later one nobody knows.
  assert.deepEqual(
    union(
      [
        { key: 'A', at: 5 },
        { key: 'A', at: 5, until: over },
      ],
      now,
    ),
    {},
  );
  assert.deepEqual(
    union(
      [
        { key: 'A', at: 5, until: over },
        { key: 'A', at: 6 },
      ],
      now,
    ),
    { A: 6 },
  );
  assert.deepEqual(
    union(
      [
        { key: 'A', at: 5, until: now },
        { key: 'A', at: 5, until: over },
      ],
      now,
    ),
    { A: 5 },
  );
});

test('a record counts as revoked when its end is known, and not when it was approved after that', () => {
  const record = {
    id: 'enr-1',
    key: 'A',
    state: 'active',
    createdAt: 1_000,
    decidedAt: 5_500,
    updatedAt: 5_500,
  } as Enrollment;
  const judged = (entry: { at: number; enrollment?: string }) =>
    revokedBy({ of: () => [{ key: 'A', ...entry }] })(record).state;

  assert.equal(judged({ at: 5, enrollment: 'enr-1' }), 'revoked');
  assert.equal(judged({ at: 6 }), 'revoked');
  assert.equal(judged({ at: 5 }), 'active');
  assert.equal(judged({ at: 5, enrollment: 'enr-2' }), 'active');
});
