import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPager } from './pager.ts';

test('what is shown goes through the pager, whole and in order', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'zester-pager-')), 'read');
  let direct = '';
  const environment = { PATH: process.env.PATH, PAGER: `cat > '${file}'` };

  {
    await using pager = openPager({
      environment,
      out: (text) => {
        direct += text;
      },
    });
    for (let line = 0; line < 20_000; line++) pager.out(`line ${line}\n`);
  }

  const lines = readFileSync(file, 'utf8').split('\n');
  assert.deepEqual([lines.length, lines[0], lines.at(-2)], [20_001, 'line 0', 'line 19999']);
  assert.equal(direct, '');
});

test('a pager that is not there loses nothing', async () => {
  for (const PAGER of ['no-such-pager-anywhere 2>/dev/null', '', 'cat']) {
    let direct = '';

    {
      await using pager = openPager({
        environment: { PATH: process.env.PATH, PAGER },
        out: (text) => {
          direct += text;
        },
      });
      pager.out('one\n');
      pager.out('two\n');
    }

    assert.equal(direct, 'one\ntwo\n');
  }
});

test('who leaves early has read enough', async () => {
  const environment = { PATH: process.env.PATH, PAGER: 'true' };

  {
    await using pager = openPager({ environment, out: assert.fail });
    for (let line = 0; line < 20_000; line++) pager.out(`line ${line}\n`);
  }
});
