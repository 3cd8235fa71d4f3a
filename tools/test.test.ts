import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTests, summarize } from './test.ts';

const head = "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n";

test('what passes and what fails is counted, whatever way it fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-tests-'));
  const suite: Readonly<Record<string, string>> = {
    'good.test.ts': "test('one', () => {});\ntest('two', () => {});\ntest('not here', { skip: true }, () => {});\n",
    'wrong.test.ts': 'test(\'that one & two are "three"\', () => assert.equal(1 + 1, 3));\n',
    'leaving.test.ts': "test('leaves', () => process.exit(0));\n",
    'killed.test.ts': "test('dies', () => process.kill(process.pid, 'SIGKILL'));\n",
    'empty.test.ts': '',
  };
  for (const [name, text] of Object.entries(suite)) writeFileSync(join(folder, name), head + text);

  const summary = await runTests(Object.keys(suite), { folder, quiet: true });

  rmSync(folder, { recursive: true });
  assert.deepEqual(
    { ...summary, failures: summary.failures.toSorted() },
    {
      passed: 2,
      failed: 4,
      skipped: 1,
      failures: [
        'empty.test.ts: ran no test',
        'killed.test.ts: (worker crashed)',
        'leaving.test.ts: (worker crashed)',
        'wrong.test.ts:3: that one & two are "three"',
      ],
    },
  );
});

test('a runner that dies without a report is a failure', () => {
  const dead = summarize('', { code: 137, files: [] });
  const silent = summarize('', { code: 0, files: ['a.test.ts'] });
  const contrary = summarize('<testsuites tests="1" failures="0" skipped="0">', { code: 1, files: [] });

  assert.deepEqual(dead.failures, ['the test runner ended with code 137 and named no failure']);
  assert.deepEqual(silent.failures, ['a.test.ts: ran no test']);
  assert.equal(contrary.failed, 1);
});

test('no test at all is a failure', async () => {
  assert.equal((await runTests([])).failed, 1);
});
