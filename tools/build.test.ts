import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildArguments } from './build.ts';

test('a program built from modules, with await at its top, starts and knows its build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-build-'));
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(folder, 'later.ts'), 'export const word: string = process.env.ZESTER_BUILD_VERSION ?? "none";\n');
  writeFileSync(
    join(folder, 'main.ts'),
    "const { word } = await import('./later.ts');\nconsole.log(word, process.env.ZESTER_BUILD_DATE, process.env.FROM_DOTENV);\n",
  );
  writeFileSync(join(folder, 'elsewhere', '.env'), 'FROM_DOTENV=loaded\n');
  const outfile = join(folder, 'program');
  const stamp = { version: '1.2.3', commit: 'abc', date: '2026-01-02' };

  execFileSync(process.execPath, buildArguments({ entry: join(folder, 'main.ts'), outfile, stamp }), {
    stdio: 'ignore',
  });
  const { stdout } = spawnSync(outfile, { cwd: join(folder, 'elsewhere'), encoding: 'utf8' });

  rmSync(folder, { recursive: true });
  assert.equal(stdout, '1.2.3 2026-01-02 undefined\n');
});
