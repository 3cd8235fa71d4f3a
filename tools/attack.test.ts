import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runAttacks } from './attack/run.ts';
import { allAttacks, report, sumOf } from './attack.ts';
import { namesIn, processesWith } from './processes.ts';
import { root } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'zester-tool-'));
after(() => rmSync(folder, { recursive: true }));

describe('attacks', () => {
  test('that fail in any way are broken by name, and the others run', async () => {
    const file = attackFile('every-way', {
      'is held': '',
      throws: 'throw new Error("a stranger got in")',
      'throws where nobody waits':
        'void Promise.reject(new Error("late")); await new Promise((go) => setTimeout(go, 50));',
      'throws when it is over': 'void Promise.reject(new Error("too late"));',
      'ends its process': 'console.error("last words"); process.exit(7)',
      hangs: 'await new Promise((go) => setTimeout(go, 60_000));',
      'leaves a process': `(await import('node:child_process')).spawn('sleep', ['47'], { detached: true }).unref();`,
      'leaves a folder': `const { tmpdir } = await import('node:os'); (await import('node:fs')).mkdirSync(tmpdir() + '/left');`,
      'is held after them': '',
    });

    const results = await runAttacks(await allAttacks([file]), { width: 3, timeoutMs: 4_000 });

    const { attacks, held, failed } = sumOf(results);
    assert.deepEqual([attacks, held], [9, 2]);
    assert.deepEqual(failed.map((line) => line.replace(/^held /, '')).toSorted(), [
      'ends its process: its process ended with 7: last words',
      'hangs: no end within 4 s',
      'leaves a folder: it left behind: the folder "left"',
      'leaves a process: it left behind: the process "sleep 47"',
      'throws when it is over: too late',
      'throws where nobody waits: late',
      'throws: a stranger got in',
    ]);
    assert.match(report(results, 1_000), /^held {4}2 of {3}9 held\n\nBroken:\n {2}held /);
    assert.match(report(results, 1_000), /2 passed, 7 failed$/);
    assert.equal(processesWith('sleep 47').length, 0);
    const folders = namesIn(tmpdir()).filter((name) => name.startsWith(`zester-attack-${process.pid}-`));
    assert.deepEqual(folders, []);
  });

  test('that want to be alone are, and the others are not', async () => {
    const diary = join(folder, 'diary');
    const note = (word: string) =>
      `(await import('node:fs')).appendFileSync(${JSON.stringify(diary)}, ${JSON.stringify(word)});`;
    // Those that are not alone wait for each other.
    const meet = (word: string, other: string) => `${note(word)} const { readFileSync } = await import('node:fs');
      while (!readFileSync(${JSON.stringify(diary)}, 'utf8').includes('${other}')) await new Promise((go) => setTimeout(go, 5));`;
    const bodies = { one: meet('1', '2'), two: `${note('(')} ${note(')')}`, three: meet('2', '1') };
    const file = attackFile('alone', bodies, ['two']);

    const results = await runAttacks(await allAttacks([file]), { width: 2, timeoutMs: 10_000 });

    assert.deepEqual(sumOf(results).failed, []);
    assert.match(readFileSync(diary, 'utf8'), /^[12]{2}\(\)$/);
  });

  test('of one name are refused: a failure could not say which it is', async () => {
    const files = [attackFile('first', { same: '' }), attackFile('second', { same: '' })];

    await assert.rejects(allAttacks(files), /Two attacks are called "same"/);
  });

  test('end with a code, and with the sum as the last line', () => {
    const run = (...argv: string[]) => {
      try {
        return execFileSync(process.execPath, [join(root, 'tools/attack.ts'), ...argv], {
          encoding: 'utf8',
          stdio: 'pipe',
        });
      } catch (error) {
        return (error as { status: number }).status;
      }
    };

    assert.equal(run('--only', 'nobody does this'), 1);
    assert.match(String(run('--list')), /^held {2}quick a peel rolls up/m);
  });
});

function attackFile(name: string, bodies: Readonly<Record<string, string>>, alone: readonly string[] = []): string {
  const path = join(folder, `${name}.ts`);
  const attacks = Object.entries(bodies).map(
    ([each, body]) =>
      `{ promise: 'held', name: ${JSON.stringify(each)}, quick: true, alone: ${alone.includes(each)}, async run() { ${body} } }`,
  );
  writeFileSync(path, `export const attacks = [${attacks.join(',\n')}];\n`);
  return path;
}
