import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newJid } from '#base/ids.ts';
import { systemClock } from '#base/time.ts';
import { openOutputs } from './outputs.ts';

const root = mkdtempSync(join(tmpdir(), 'zester-outputs-'));
after(() => rmSync(root, { recursive: true }));

const now = 1_700_000_000_000;
const day = 86_400_000;

function outputsIn(name: string, bytes = 1_000_000) {
  const folder = join(root, name);
  return { folder, outputs: openOutputs(folder, { bytes, ageMs: 7 * day }, systemClock) };
}

function keep(outputs: ReturnType<typeof openOutputs>, jid: string, text: string): string {
  const spill = outputs.spillsOf(jid)()('stdout');
  spill.write(Buffer.from(text));
  return spill.finish();
}

test('what is kept is read again in parts, with its sum, and nobody else may look', async () => {
  const { folder, outputs } = outputsIn('read');
  const jid = newJid();

  const note = keep(outputs, jid, 'hello world');

  assert.equal(note, `the whole: zester job output ${jid} --stream stdout`);
  assert.deepEqual([...(await outputs.list(jid))], [['stdout', 11]]);
  assert.equal(Buffer.from((await outputs.read(jid, 'stdout', 6, 3)) ?? []).toString(), 'wor');
  assert.equal((await outputs.read(jid, 'stdout', 100, 3))?.length, 0);
  assert.equal(await outputs.digest(jid, 'stdout', 5), createHash('sha256').update('hello').digest('hex'));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, jid, 'stdout')).mode & 0o777, 0o600);
});

test('each command of a job has names of its own', async () => {
  const { outputs } = outputsIn('names');
  const jid = newJid();
  const spills = outputs.spillsOf(jid);

  for (let each = 0; each < 2; each++) {
    const open = spills();
    for (const stream of ['stdout', 'stderr'] as const) open(stream).finish();
  }

  assert.deepEqual([...(await outputs.list(jid)).keys()], ['stderr', 'stderr.2', 'stdout', 'stdout.2']);
});

test('no name leads out of the folder', async () => {
  const { folder, outputs } = outputsIn('out');
  const jid = newJid();
  keep(outputs, jid, 'kept');
  writeFileSync(join(root, 'secret'), 'secret');
  symlinkSync(join(root, 'secret'), join(folder, jid, 'stderr'));

  for (const stream of ['../secret', '../../secret', '/etc/passwd', 'stdout/../../x', 'stderr', '.', '', 'stdout.0']) {
    assert.equal(await outputs.read(jid, stream, 0, 10), undefined, stream);
  }
  for (const bad of ['..', '../read', `${jid}/..`, '/etc', '']) {
    await assert.rejects(outputs.read(bad, 'stdout', 0, 10), { code: 'JID_INVALID' });
    await assert.rejects(outputs.list(bad), { code: 'JID_INVALID' });
  }
});

test('the oldest go when there is too much, and what is too old goes anyway', () => {
  const { folder, outputs } = outputsIn('bounds', 25);
  const jids = [0, 1, 2, 3].map((each) => newJid(now + each * 1_000));

  for (const jid of jids) keep(outputs, jid, '0123456789');
  outputs.sweep();

  assert.deepEqual(readdirSync(folder).toSorted(), jids.slice(2));
  utimesSync(join(folder, jids[2] ?? ''), 0, 0);
  outputs.sweep();
  assert.deepEqual(readdirSync(folder), jids.slice(3));
});

test('one output alone does not outgrow the limit, and says so', () => {
  const { outputs } = outputsIn('alone', 20 * 1024 * 1024);
  const jid = newJid();
  const spill = outputs.spillsOf(jid)()('stdout');

  for (let each = 0; each < 40; each++) spill.write(Buffer.alloc(1024 * 1024));

  assert.match(spill.finish(), /^only the first \d+ could be kept .*: outputs_limit is reached$/);
});

test('a folder that cannot be written costs the copy, not the command', () => {
  writeFileSync(join(root, 'in-the-way'), '');
  const { outputs } = outputsIn('in-the-way');

  assert.match(keep(outputs, newJid(), 'lost'), /^only the first 0 could be kept .*: (ENOTDIR|EEXIST)/);
});
