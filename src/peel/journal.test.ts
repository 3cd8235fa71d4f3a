import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournal, syncHorizonMs } from './journal.ts';

const payload = new Uint8Array([1, 2, 3]);

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'zester-journal-'));
  return { path: join(folder, 'deep', 'jobs.journal'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function testClock(time: number) {
  const clock = { time, now: () => clock.time, monotonic: () => clock.time };
  return clock;
}

test('a job is known from its acceptance on, also to the next life', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);

  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: true });

  assert.equal(journal.knows('a'), true);
  assert.equal(openJournal(at.path, clock).knows('a'), true);
  assert.equal(journal.knows('b'), false);
});

test('a job accepted and never answered is interrupted in the next life, and in that one only', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: false });
  assert.deepEqual(journal.interrupted(), []);

  const next = openJournal(at.path, clock);

  assert.deepEqual(next.interrupted(), [{ jid: 'a', deadline: 1_060_000 }]);
  next.answer({ jid: 'a', success: false }, 1_060_000, payload);
  assert.deepEqual(openJournal(at.path, clock).interrupted(), []);
});

test('a return stays unsent until it is stored, and can be read back after a crash', () => {
  using at = place();
  const clock = testClock(1_000_000);
  openJournal(at.path, clock).answer({ jid: 'a', success: true }, 1_060_000, payload);

  const next = openJournal(at.path, clock);

  assert.deepEqual(
    next.unsent().map(({ jid, success }) => [jid, success]),
    [['a', true]],
  );
  assert.deepEqual([...(next.unsent()[0]?.payload() ?? [])], [1, 2, 3]);
  next.stored('a');
  assert.deepEqual(next.unsent(), []);
});

test('a stored return is recent until the broker has synced', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.answer({ jid: 'a', success: true }, 1_060_000, payload);
  journal.stored('a');
  assert.equal(journal.recent().length, 1);

  clock.time += syncHorizonMs + 1;

  assert.equal(journal.recent().length, 0);
});

test('a torn record at the end is cut off, and what came before it is kept', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: true });
  const sound = statSync(at.path).size;
  journal.accept({ jid: 'b', deadline: 1_060_000 }, { durable: true });
  truncateSync(at.path, sound + 3);

  const next = openJournal(at.path, clock);

  assert.equal(next.knows('a'), true);
  assert.equal(next.knows('b'), false);
  appendFileSync(at.path, new Uint8Array([9, 9, 9, 9, 9]));
  assert.equal(openJournal(at.path, clock).knows('a'), true);
});

test('what is long over is forgotten when the journal is compacted', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.answer({ jid: 'a', success: true }, 1_060_000, payload);
  journal.stored('a');
  journal.accept({ jid: 'unanswered', deadline: 1_060_000 }, { durable: false });

  clock.time += 3_600_000;
  const next = openJournal(at.path, clock);

  assert.equal(next.knows('a'), false);
  assert.equal(next.knows('unanswered'), true);
});
