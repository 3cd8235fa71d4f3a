import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rewrite, writePrivate } from './files.ts';

test('what is written privately is private, also where others could read what was there', () => {
  using own = desk();
  writeFileSync(own.file, 'before');
  chmodSync(own.file, 0o644);

  writePrivate(own.file, 'after');

  assert.deepEqual(own.seen(), { text: 'after', mode: 0o600, names: ['file'] });
});

test('what is written anew stays as open as it is, and is private when it is new', () => {
  using own = desk();

  rewrite(own.file, 'one');
  const first = own.seen();
  chmodSync(own.file, 0o640);
  rewrite(own.file, 'two');

  assert.deepEqual([first.mode, own.seen()], [0o600, { text: 'two', mode: 0o640, names: ['file'] }]);
});

test('a link stays one, and what it leads to is written', () => {
  using own = desk();
  const link = join(own.folder, 'link');
  writeFileSync(own.file, 'before');
  chmodSync(own.file, 0o644);
  symlinkSync('file', link);

  rewrite(link, 'after');

  assert.equal(lstatSync(link).isSymbolicLink(), true);
  assert.deepEqual(own.seen(), { text: 'after', mode: 0o644, names: ['file', 'link'] });
});

test('the old file is whole until the new one is: it is another one', () => {
  using own = desk();
  writeFileSync(own.file, 'before');
  const { ino } = statSync(own.file);

  rewrite(own.file, 'after');

  assert.notEqual(statSync(own.file).ino, ino);
});

test('what is no file is written to, and a folder is refused', () => {
  using own = desk();

  writePrivate('/dev/null', 'gone');

  assert.equal(lstatSync('/dev/null').isCharacterDevice(), true);
  assert.throws(() => writePrivate(own.folder, ''), { code: 'FILE_UNWRITABLE' });
});

function desk() {
  const folder = mkdtempSync(join(tmpdir(), 'zester-files-'));
  const file = join(folder, 'file');
  return {
    folder,
    file,
    seen: () => ({
      text: readFileSync(file, 'utf8'),
      mode: statSync(file).mode & 0o777,
      names: readdirSync(folder).sort(),
    }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
