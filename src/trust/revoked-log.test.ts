import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createKey } from './nkeys.ts';
import { openRevokedLog } from './revoked-log.ts';

const [one, two] = [createKey('user').publicKey, createKey('user').publicKey];

describe('the list of who is shut out', () => {
  test('is there again after a restart, each entry once, for its owner only', () => {
    using dir = tempFolder();
    const log = openRevokedLog(dir.file);
    log.add({ key: one, at: 100 });
    log.add({ key: one, at: 100 }, { key: two, at: 200, until: 900_000, enrollment: 'enr-x' });

    const again = openRevokedLog(dir.file);

    assert.deepEqual(again.all(), [
      { key: one, at: 100 },
      { key: two, at: 200, until: 900_000, enrollment: 'enr-x' },
    ]);
    assert.deepEqual(again.of(two).length, 1);
    assert.equal(statSync(dir.file).mode & 0o777, 0o600);
  });

  test('loses nothing to a line that was cut off, and goes on behind it', () => {
    using dir = tempFolder();
    openRevokedLog(dir.file).add({ key: one, at: 100 }, { key: two, at: 200 });
    writeFileSync(dir.file, readFileSync(dir.file, 'utf8').slice(0, -10));

    openRevokedLog(dir.file).add({ key: one, at: 300 });
    const again = openRevokedLog(dir.file);

    assert.deepEqual(
      again.of(one).map(({ at }) => at),
      [100, 300],
    );
    // When it was cannot be told any more: until now is the safe answer, and it stays the same from now on.
    assert.equal(again.of(two).length, 1);
    assert.ok((again.of(two)[0]?.at ?? 0) > 1_700_000_000);
    assert.deepEqual(openRevokedLog(dir.file).of(two), again.of(two));
  });

  test('counts the lines of which nothing can be made, and is not kept from the rest', () => {
    using dir = tempFolder();
    openRevokedLog(dir.file).add({ key: one, at: 100 });
    appendFileSync(dir.file, `nonsense\nU${'A'.repeat(55)}\n`);

    const log = openRevokedLog(dir.file);

    assert.equal(log.lost, 2);
    assert.deepEqual(log.all(), [{ key: one, at: 100 }]);
  });

  test('counts what it could not keep, and keeps it later', () => {
    using dir = tempFolder();
    const blocked = join(dir.file, 'in-the-way');
    const log = openRevokedLog(blocked);
    writeFileSync(dir.file, '');

    assert.throws(() => log.add({ key: one, at: 100 }), { code: 'AUTH_FILE_UNWRITABLE' });
    assert.equal(log.of(one).length, 1);
    rmSync(dir.file);
    log.flush();

    assert.deepEqual(openRevokedLog(blocked).all(), [{ key: one, at: 100 }]);
  });
});

function tempFolder(): Disposable & { readonly file: string } {
  const path = mkdtempSync(join(tmpdir(), 'zester-revoked-'));
  return { file: join(path, 'revoked.log'), [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
