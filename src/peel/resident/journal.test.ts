import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { encode } from '#wire/codec.ts';
import { envelopeBytes, returnBytes } from '#wire/limits.ts';
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

test('what a crash left of the last write is cut off, and what came before it is kept', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: true });
  const sound = statSync(at.path).size;
  journal.accept({ jid: 'b', deadline: 1_060_000 }, { durable: false });
  truncateSync(at.path, sound + 3);

  const next = openJournal(at.path, clock);

  assert.deepEqual([next.knows('a'), next.knows('b'), next.lostUntil], [true, false, 0]);
  appendFileSync(at.path, new Uint8Array([9, 9, 9, 9, 9]));
  assert.equal(openJournal(at.path, clock).knows('a'), true);
});

test('a job that was on the disk and is gone may have run, and so may all that were ordered before', () => {
  using at = place();
  const clock = testClock(10_000_000);
  const journal = openJournal(at.path, clock);
  const start = statSync(at.path, { throwIfNoEntry: false })?.size;
  assert.equal(start, undefined);
  journal.accept({ jid: 'a', deadline: 10_060_000 }, { durable: true });
  journal.accept({ jid: 'b', deadline: 10_060_000 }, { durable: true });
  truncateSync(at.path, statSync(at.path).size - 1);

  const next = openJournal(at.path, clock);

  assert.deepEqual([next.knows('a'), next.knows('b'), next.damages], [true, false, 1]);
  assert.equal(next.mayHaveRun(clock.now()), true);
  assert.equal(next.mayHaveRun(clock.now() + 300_001), false);
  assert.equal(existsSync(`${at.path}.damaged`), true);
  assert.equal(openJournal(at.path, clock).mayHaveRun(clock.now()), true);
});

test('a damaged record costs itself alone, and closes to orders no more time than it must', () => {
  using at = place();
  const clock = testClock(10_000_000);
  const journal = openJournal(at.path, clock);
  journal.accept({ jid: 'a', deadline: 99_000_000 }, { durable: true });
  const damaged = statSync(at.path).size + 30;
  journal.accept({ jid: 'b', deadline: 99_000_000 }, { durable: true });
  clock.time += 60_000;
  journal.accept({ jid: 'c', deadline: 99_000_000 }, { durable: true });
  clock.time += 3_600_000;
  flip(at.path, damaged);

  const next = openJournal(at.path, clock);

  assert.deepEqual(['a', 'b', 'c'].map(next.knows), [true, false, true]);
  assert.equal(next.lostUntil, 10_060_000 + 300_000);
  assert.equal(next.mayHaveRun(clock.now()), false);
});

test('a fence drawn by a clock that was ahead comes back with the clock', () => {
  using at = place();
  const clock = testClock(10_000_000 + 86_400_000);
  openJournal(at.path, clock).accept({ jid: 'a', deadline: 99_000_000 }, { durable: true });
  truncateSync(at.path, 1_030);
  const next = openJournal(at.path, clock);

  clock.time -= 86_400_000;

  assert.equal(next.mayHaveRun(clock.now()), true);
  assert.equal(next.mayHaveRun(clock.now() + 600_001), false);
});

test('a wall clock that is set makes nothing be forgotten, in this life or over a restart', () => {
  using at = place();
  let ahead = 0;
  const clock = { now: () => 10_000_000 + ahead, monotonic: () => 1_000 };
  const journal = openJournal(at.path, clock);
  journal.answer({ jid: 'a', success: true }, 10_060_000, payload);
  journal.stored('a');

  ahead = 3_600_000;
  assert.equal(journal.recent().length, 1);
  assert.equal(openJournal(at.path, clock).knows('a'), true);
  ahead = -3_600_000;
  assert.equal(openJournal(at.path, clock).knows('a'), true);
});

test('the largest return is read back, also by the next life, and a larger one is refused with a code', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  const largest = new Uint8Array(returnBytes + envelopeBytes).fill(7);

  journal.answer({ jid: 'a', success: true }, 1_060_000, largest);

  assert.throws(
    () => journal.answer({ jid: 'b', success: true }, 1_060_000, new Uint8Array(largest.length + 1)),
    (error) => isError(error, 'RETURN_TOO_LARGE'),
  );
  assert.equal(journal.knows('b'), false);
  assert.deepEqual(journal.unsent()[0]?.payload().length, largest.length);
  assert.deepEqual(openJournal(at.path, clock).unsent()[0]?.payload().at(-1), 7);
});

test('a return whose record was damaged says so, and is still one to be answered', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.answer({ jid: 'a', success: true }, 1_060_000, new Uint8Array(100));
  flip(at.path, statSync(at.path).size - 1);

  assert.throws(
    () => journal.unsent()[0]?.payload(),
    (error) => isError(error, 'RETURN_LOST'),
  );
});

test('a record that comes twice says nothing new', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  const head = 1_024;
  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: true });
  journal.answer({ jid: 'a', success: true }, 1_060_000, payload);
  appendFileSync(at.path, readFileSync(at.path).subarray(head));

  const next = openJournal(at.path, clock);

  assert.deepEqual(next.interrupted(), []);
  assert.deepEqual([...(next.unsent()[0]?.payload() ?? [])], [1, 2, 3]);
});

test('a journal that is removed or cut off under a running peel is written anew from what is known', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.accept({ jid: 'a', deadline: 1_060_000 }, { durable: true });

  rmSync(at.path);
  journal.accept({ jid: 'b', deadline: 1_060_000 }, { durable: true });
  truncateSync(at.path, 1_100);
  journal.accept({ jid: 'c', deadline: 1_060_000 }, { durable: true });

  assert.deepEqual(['a', 'b', 'c'].map(openJournal(at.path, clock).knows), [true, true, true]);
});

test('a journal of the old format is read once, and is one of the present format from then on', () => {
  using at = place();
  const clock = testClock(1_000_000);
  openJournal(at.path, clock);
  const old = [
    { t: 'accepted', jid: 'a', deadline: 1_060_000 },
    { t: 'accepted', jid: 'b', deadline: 1_060_000 },
    { t: 'answered', jid: 'b', success: true, deadline: 1_060_000, payload },
    { t: 'answered', jid: 'c', success: true, deadline: 1_060_000, payload },
    { t: 'stored', jid: 'c', at: 1_000_000 },
  ];
  writeFileSync(at.path, Buffer.concat(old.map(oldFrame)));

  for (const life of [1, 2]) {
    const journal = openJournal(at.path, clock);
    assert.deepEqual(['a', 'b', 'c'].map(journal.knows), [true, true, true], `life ${life}`);
    assert.deepEqual(journal.interrupted(), [{ jid: 'a', deadline: 1_060_000 }]);
    assert.deepEqual([...(journal.unsent()[0]?.payload() ?? [])], [1, 2, 3]);
    assert.deepEqual([journal.damages, journal.lostUntil], [0, 0]);
  }
});

test('an old journal that was cut off, and an empty one, are fenced', () => {
  using at = place();
  const clock = testClock(1_000_000);
  openJournal(at.path, clock);
  const whole = Buffer.concat(['a', 'b'].map((jid) => oldFrame({ t: 'accepted', jid, deadline: 1_060_000 })));

  writeFileSync(at.path, whole.subarray(0, -1));
  const cut = openJournal(at.path, clock);
  writeFileSync(at.path, '');
  const empty = openJournal(at.path, clock);

  assert.deepEqual([cut.knows('a'), cut.mayHaveRun(clock.now())], [true, true]);
  assert.deepEqual([empty.mayHaveRun(clock.now()), empty.mayHaveRun(clock.now() + 1)], [true, false]);
});

test('what is long over is forgotten when the journal is compacted', () => {
  using at = place();
  const clock = testClock(1_000_000);
  const journal = openJournal(at.path, clock);
  journal.answer({ jid: 'a', success: true }, 1_060_000, payload);
  journal.stored('a');
  journal.accept({ jid: 'unanswered', deadline: 1_060_000 }, { durable: false });

  clock.time += 26 * 3_600_000;
  const next = openJournal(at.path, clock);

  assert.equal(next.knows('a'), false);
  assert.equal(next.knows('unanswered'), true);
});

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

function oldFrame(record: unknown): Uint8Array {
  const body = encode(record);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}
