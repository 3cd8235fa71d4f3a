import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { logTails } from './logs.ts';

test('of each daemon that said something the last lines are told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-logs-'));
  using _removed = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
  writeFileSync(join(folder, 'web-01.log'), 'one\ntwo\nthree\n');
  writeFileSync(join(folder, 'master.log'), 'ready\n');
  writeFileSync(join(folder, 'db-01.log'), '');

  assert.deepEqual(logTails(folder, 2), [
    { name: 'master', lines: ['ready'] },
    { name: 'web-01', lines: ['two', 'three'] },
  ]);
  assert.deepEqual(logTails(join(folder, 'nowhere')), []);
});
