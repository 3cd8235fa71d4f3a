import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isError } from '#base/errors.ts';
import { systemClock } from '#base/time.ts';
import { type Journal, openJournal } from '#peel/resident/journal.ts';
import { encode } from '#wire/codec.ts';
import type { Attack } from './attack.ts';
import { disk, flipped } from './support/disk.ts';

const hour = 3_600_000;
const jobs = ['job-a', 'job-b', 'job-c', 'job-d'];

/** What the peel would do with an order that comes again: it must be known, or be too old to be run. */
function mayRunAgain(journal: Journal, jid: string, issuedAt: number): boolean {
  return !journal.knows(jid) && !journal.mayHaveRun(issuedAt);
}

/** Four jobs, accepted durably; the first two answered, one of them stored. */
function writeJournal(path: string): number {
  const issuedAt = Date.now();
  const journal = openJournal(path, systemClock);
  for (const jid of jobs) journal.accept({ jid, deadline: issuedAt + hour }, { durable: true });
  for (const jid of jobs.slice(0, 2)) {
    journal.answer({ jid, success: true }, issuedAt + hour, encode({ jid, value: 'x'.repeat(40) }));
  }
  journal.stored('job-a');
  journal.accept({ jid: 'last', deadline: issuedAt + hour }, { durable: true });
  return issuedAt;
}

/** Writes one version of the file after another, and judges the journal that is opened on each. */
function withEach(
  versions: (bytes: Buffer) => Iterable<readonly [string, Buffer]>,
  judge: (journal: Journal, lost: readonly string[], what: string) => void,
): void {
  using at = disk();
  const path = join(at.path, 'jobs.journal');
  const issuedAt = writeJournal(path);
  const sound = readFileSync(path);
  for (const [what, bytes] of versions(sound)) {
    writeFileSync(path, bytes);
    const journal = openJournal(path, systemClock);
    const again = [...jobs, 'last'].filter((jid) => mayRunAgain(journal, jid, issuedAt));
    assert.deepEqual(again, [], `${what}: would run again`);
    judge(
      journal,
      jobs.filter((jid) => !journal.knows(jid)),
      what,
    );
  }
}

function* everyFlip(bytes: Buffer): Generator<readonly [string, Buffer]> {
  for (let offset = 0; offset < bytes.length; offset++) {
    for (const mask of [0xff, 0x01]) yield [`byte ${offset} flipped by ${mask}`, flipped(bytes, offset, mask)];
  }
}

function* everyCut(bytes: Buffer): Generator<readonly [string, Buffer]> {
  for (let length = 0; length < bytes.length; length++) yield [`cut to ${length} bytes`, bytes.subarray(0, length)];
}

function* everySector(bytes: Buffer): Generator<readonly [string, Buffer]> {
  for (let start = 0; start < bytes.length; start += 512) {
    for (const fill of [0x00, 0xff, 0x5a]) {
      const torn = Buffer.from(bytes);
      torn.fill(fill, start, Math.min(start + 512, torn.length));
      yield [`sector at ${start} filled with ${fill}`, torn];
    }
  }
}

/** Head of a file, then frames: mark, length, sums. */
const headBytes = 1_024;

export const attacks: readonly Attack[] = [
  {
    promise: 'B14',
    name: 'every single byte of the journal is flipped: no job runs again, and one record is lost at most',
    quick: true,
    async run() {
      withEach(everyFlip, (_journal, lost, what) => assert.ok(lost.length <= 1, `${what}: lost ${lost.join(', ')}`));
    },
  },
  {
    promise: 'B14',
    name: 'the journal is cut off after every single byte: no job runs again',
    quick: true,
    async run() {
      withEach(everyCut, (journal, lost, what) => {
        if (lost.length > 0) assert.ok(journal.damages > 0 || journal.lostUntil > 0, `${what}: lost without a word`);
      });
    },
  },
  {
    promise: 'B14',
    name: 'every sector of the journal is torn: no job runs again, and the others are known',
    quick: true,
    async run() {
      withEach(everySector, (journal, lost, what) => {
        if (lost.length > 0) assert.ok(journal.damages > 0, `${what}: lost without a word`);
      });
    },
  },
  {
    promise: 'B14',
    name: 'a record in the journal claims four gigabytes, with the right sums',
    quick: true,
    async run() {
      using at = disk();
      const path = join(at.path, 'jobs.journal');
      writeJournal(path);
      const bytes = readFileSync(path);
      bytes.writeUInt32LE(0xffff_fff0, headBytes + 8);
      const runtime = (globalThis as unknown as { Bun: { hash: { crc32(bytes: Uint8Array): number } } }).Bun;
      bytes.writeUInt32LE(runtime.hash.crc32(bytes.subarray(headBytes, headBytes + 16)), headBytes + 16);
      writeFileSync(path, bytes);

      const journal = openJournal(path, systemClock);

      assert.deepEqual(
        jobs.filter((jid) => !journal.knows(jid)),
        [],
        'only the first record was hit, and its job answered: every job is known',
      );
      assert.ok(journal.damages > 0);
    },
  },
  {
    promise: 'B14',
    name: 'a job gives back the bytes of a journal, and the record with them is damaged: nothing in it is taken for a record',
    quick: true,
    async run() {
      using at = disk();
      const other = join(at.path, 'other.journal');
      openJournal(other, systemClock).accept({ jid: 'forged', deadline: Date.now() + hour }, { durable: true });
      const path = join(at.path, 'jobs.journal');
      const journal = openJournal(path, systemClock);
      const before = { jid: 'honest', deadline: Date.now() + hour };
      journal.accept(before, { durable: true });
      const start = readFileSync(path).length;
      journal.answer({ jid: 'honest', success: true }, before.deadline, readFileSync(other));
      journal.accept({ jid: 'later', deadline: before.deadline }, { durable: true });
      writeFileSync(path, flipped(readFileSync(path), start + 10));

      const next = openJournal(path, systemClock);

      assert.deepEqual(['forged', 'honest', 'later'].map(next.knows), [false, true, true]);
    },
  },
  {
    promise: 'B14',
    name: 'in the place of the journal lies a folder, a link, a pipe or a device',
    quick: true,
    async run() {
      using at = disk();
      const path = join(at.path, 'jobs.journal');
      const elsewhere = join(at.path, 'elsewhere');
      writeFileSync(elsewhere, 'not yours');
      const makes: Readonly<Record<string, () => void>> = {
        folder: () => mkdirSync(path),
        link: () => symlinkSync(elsewhere, path),
        pipe: () => execFileSync('mkfifo', [path]),
        'link to a device': () => symlinkSync('/dev/zero', path),
      };
      for (const [what, make] of Object.entries(makes)) {
        make();
        assert.throws(
          () => openJournal(path, systemClock),
          (error) => isError(error, 'JOURNAL_UNREADABLE'),
          what,
        );
        assert.ok(!lstatSync(path).isFile(), `${what} is still there`);
        rmSync(path, { recursive: true });
      }
      assert.equal(readFileSync(elsewhere, 'utf8'), 'not yours');

      const running = openJournal(path, systemClock);
      running.accept({ jid: 'a', deadline: Date.now() + hour }, { durable: true });
      rmSync(path);
      symlinkSync(elsewhere, path);
      assert.throws(
        () => running.accept({ jid: 'b', deadline: Date.now() + hour }, { durable: true }),
        (error) => isError(error, 'JOURNAL_UNWRITABLE'),
      );
      assert.equal(readFileSync(elsewhere, 'utf8'), 'not yours');
    },
  },
  {
    promise: 'B14',
    name: 'all records of the journal stand in it twice: nothing is interrupted, lost or sent that was not',
    quick: true,
    async run() {
      withEach(
        (bytes) => [['twice', Buffer.concat([bytes, bytes.subarray(headBytes)])]],
        (journal) => {
          assert.deepEqual(
            journal.interrupted().map(({ jid }) => jid),
            ['job-c', 'job-d', 'last'],
          );
          assert.equal(journal.unsent().length, 1);
          assert.equal(journal.damages, 0);
        },
      );
    },
  },
  {
    promise: 'B14',
    name: 'a power cut leaves zeros, or half a page, behind the last write: that alone is dropped, and work goes on',
    quick: true,
    async run() {
      withEach(
        (bytes) => [
          ['zeros', Buffer.concat([bytes, Buffer.alloc(4_096)])],
          ['half', Buffer.concat([bytes, bytes.subarray(headBytes, headBytes + 50)])],
        ],
        (journal, lost, what) => {
          assert.deepEqual([lost.length, journal.damages, journal.lostUntil], [0, 0, 0], what);
        },
      );
    },
  },
  {
    promise: 'B14',
    name: 'a journal of the old format is cut off after every byte: no job runs again',
    quick: true,
    async run() {
      using at = disk();
      const path = join(at.path, 'jobs.journal');
      const deadline = Date.now() + hour;
      const frames = jobs.map((jid) => {
        const body = Buffer.from(encode({ t: 'accepted', jid, deadline }));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(body.length);
        return Buffer.concat([length, body]);
      });
      const whole = Buffer.concat(frames);
      const ends = new Set(frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length));
      const issuedAt = Date.now();
      for (let length = 0; length <= whole.length; length++) {
        // Between two records the old format says nothing of what is missing.
        if (ends.has(length) && length < whole.length) continue;
        writeFileSync(path, whole.subarray(0, length));
        const journal = openJournal(path, systemClock);
        const again = jobs.filter((jid) => mayRunAgain(journal, jid, issuedAt));
        assert.deepEqual(again, [], `cut to ${length} bytes`);
      }
    },
  },
];
