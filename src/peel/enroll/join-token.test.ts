import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog } from '#base/log.ts';
import { optionFlags, readFlags, resolveOptions } from '#base/options.ts';
import { peelOptions } from '../resident/options.ts';
import { joinToken } from './join-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'zester-token-'));
after(() => rmSync(folder, { recursive: true }));

function reading(options: { join_token?: string; join_token_file?: string }) {
  const lines: string[] = [];
  const log = createLog({ fields: {}, write: (line) => void lines.push(line) });
  const { join_token = undefined, join_token_file = undefined } = options;
  return { token: joinToken({ join_token, join_token_file }, log), said: lines.join('') };
}

test('a join token comes from its option or from a file, not from both', () => {
  const path = join(folder, 'token');
  writeFileSync(path, ' zjt-abc\n', { mode: 0o600 });

  assert.deepEqual(reading({}), { token: undefined, said: '' });
  assert.deepEqual(reading({ join_token: 'zjt-x' }), { token: 'zjt-x', said: '' });
  assert.deepEqual(reading({ join_token_file: path }), { token: 'zjt-abc', said: '' });
  assert.throws(() => reading({ join_token: 'zjt-x', join_token_file: path }), { code: 'JOIN_TOKEN_TWICE' });
});

test('a file that others may read, or that is gone, is told', () => {
  const path = join(folder, 'open');
  writeFileSync(path, 'zjt-abc\n');
  chmodSync(path, 0o644);

  const open = reading({ join_token_file: path });
  const gone = reading({ join_token_file: join(folder, 'gone') });

  assert.equal(open.token, 'zjt-abc');
  assert.match(open.said, /can be read by others.*chmod 600/);
  assert.equal(gone.token, undefined);
  assert.match(gone.said, /is not there/);
});

test('a secret is refused as a flag, in either form, with a way that is none', async () => {
  const flags = optionFlags(peelOptions);
  for (const argv of [['--join-token=zjt-x'], ['--join-token', 'zjt-x']]) {
    assert.throws(() => readFlags(argv, flags), { code: 'FLAG_SECRET', hint: /--join-token-file.*ZESTER_JOIN_TOKEN/ });
  }
  const { values } = await resolveOptions(peelOptions, { environment: { ZESTER_JOIN_TOKEN: 'zjt-x' } });
  assert.equal(values.join_token, 'zjt-x');
});
