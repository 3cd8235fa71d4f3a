import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChecks } from './ok.ts';

const program = (script: string) => [process.execPath, '-e', script];

test('what fails is counted, shown, and comes with its repair', async () => {
  const lines: string[] = [];

  const failed = await runChecks(
    [
      { name: 'good', command: program('console.log("fine")'), repair: 'nothing' },
      { name: 'bad', command: program('console.log("a.ts: wrong"); process.exit(3)'), repair: 'npm run fix' },
      { name: 'killed', command: program('process.kill(process.pid, "SIGKILL")'), repair: 'look' },
      { name: 'absent', command: ['no-such-program'], repair: 'install it' },
    ],
    (line) => lines.push(line),
  );

  assert.equal(failed, 3);
  assert.equal(lines.at(-1), '1 passed, 3 failed');
  assert.match(lines.join('\n'), /FAILED {2}bad .*\n {4}a\.ts: wrong\n {4}repair: npm run fix/);
  assert.doesNotMatch(lines.join('\n'), /fine/);
});
