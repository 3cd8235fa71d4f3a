import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './source.ts';

/** Runs `.ci/run` with an `npm` that answers each step as the script says. */
function runCi(script: string): { code: number | null; lastLine: string | undefined } {
  const folder = mkdtempSync(join(tmpdir(), 'zester-ci-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, '.ci'));
  cpSync(join(root, '.ci/run'), join(folder, '.ci/run'));
  writeFileSync(join(folder, 'bin/npm'), `#!/bin/sh\ncase "$*" in\n${script}\nesac\n`);
  chmodSync(join(folder, 'bin/npm'), 0o755);
  const { status, stdout } = spawnSync(join(folder, '.ci/run'), {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  });
  rmSync(folder, { recursive: true });
  return { code: status, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

const good = 'echo "3 passed, 0 failed"';

test('the sum of six good steps is a pass', () => {
  const ci = runCi(`*) ${good} ;;`);

  assert.deepEqual(ci, { code: 0, lastLine: '18 passed, 0 failed' });
});

test('a failure that is counted, a step that ends badly, and a step that says nothing all fail', () => {
  const cases: readonly (readonly [step: string, lastLine: string])[] = [
    ['echo "2 passed, 1 failed"; exit 1', '17 passed, 1 failed'],
    ['echo "2 passed, 1 failed"', '17 passed, 1 failed'],
    [`${good}; exit 7`, '18 passed, 1 failed'],
    ['exit 7', '15 passed, 1 failed'],
    ['echo done', '15 passed, 1 failed'],
  ];

  for (const [step, lastLine] of cases)
    assert.deepEqual(runCi(`test) ${step} ;;\n*) ${good} ;;`), { code: 1, lastLine });
});
