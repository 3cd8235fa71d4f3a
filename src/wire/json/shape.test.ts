import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod/mini';
import { Answer } from './answer.ts';
import { answerOf } from './answer-of.ts';
import { from, Moment, peelId, published, took } from './shape.ts';

const Row = z.object({
  peel_id: peelId,
  created_at: Moment,
  ended: z.optional(Moment),
  took_ms: z.optional(took),
  facts: z.unknown(),
  args: z.record(z.string(), z.unknown()),
  kept_in: from('folder', z.nullable(z.string())),
});

const row = {
  peel: 'web-01',
  createdAt: 1_750_000_000_123,
  ms: 4,
  facts: { swapTotal: 1, bootedAt: 1_750_000_000_123, 'some key': { peelId: 2 } },
  args: { fileMode: '0644', issuedAt: 5 },
  folder: null,
  secret: 'not of its schema',
};

test('what a schema names is in snake case and ISO 8601, what it leaves open stays as it is', () => {
  assert.deepEqual(published(z.array(Row), [row]), [
    {
      peel_id: 'web-01',
      created_at: '2025-06-15T15:06:40.123Z',
      took_ms: 4,
      facts: row.facts,
      args: row.args,
      kept_in: null,
    },
  ]);
});

test('of several shapes the one that fits is published', () => {
  const Either = z.union([z.array(Row), z.object({ job_id: z.string() }), z.object({ created_at: Moment })]);

  assert.deepEqual(published(Either, { jobId: 'J' }), { job_id: 'J' });
  assert.deepEqual(published(Either, { createdAt: 0 }), { created_at: '1970-01-01T00:00:00.000Z' });
  assert.equal((published(Either, [row]) as unknown[]).length, 1);
});

test('a time that no peel could mean does not keep the others from being told', () => {
  assert.deepEqual(published(z.object({ at: Moment }), { at: Number.MAX_VALUE }), { at: Number.MAX_VALUE });
});

test('the answer of a peel is published as its schema says', () => {
  const outcome = { id: 'web', state: 'file.managed', name: '', startedAt: 1_750_000_000_000, ms: 2 } as const;
  const outcomes = [
    { ...outcome, result: 'skipped', skipReason: 'unless_met' } as const,
    { ...outcome, result: 'changed', name: '/srv', changes: { fileMode: { from: 1, to: 2 } } } as const,
  ];
  const report = { test: false, outcomes, counts: {}, ms: 3 };
  const returned = {
    v: 1,
    jid: 'J',
    peel: 'web-01_example',
    status: 'done',
    success: true,
    startedAt: 0,
    ms: 4,
  } as const;

  const answer = published(Answer, answerOf({ ...returned, report }));

  assert.deepEqual(answer, {
    jid: 'J',
    peel_id: 'web-01.example',
    status: 'success',
    success: true,
    state: 'done',
    took_ms: 4,
    results: [
      {
        id: 'web',
        state: 'file.managed',
        name: 'web',
        result: 'skipped',
        changed: false,
        started_at: '2025-06-15T15:06:40.000Z',
        took_ms: 2,
        skipped: true,
        skip_reason: 'unless_met',
      },
      {
        id: 'web',
        state: 'file.managed',
        name: '/srv',
        result: 'changed',
        changed: true,
        started_at: '2025-06-15T15:06:40.000Z',
        took_ms: 2,
        changes: { fileMode: { from: 1, to: 2 } },
      },
    ],
  });
  assert.ok(z.safeParse(Answer, answer).success);
});
