import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Files } from './machine.ts';

export interface FilesUnderTest {
  readonly files: Files;
  /** A writable, empty folder of that machine. */
  readonly folder: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array | undefined) => content && new TextDecoder().decode(content);
const asRoot = { skip: process.getuid?.() === 0 ? false : 'only root may give files away' };
const code = (expected: string) => (error: unknown) => isError(error, expected) || assert.fail(String(error));

/** What every files port promises: the same cases for the fake and for a disk. */
export function filesContract(title: string, make: () => Promise<FilesUnderTest>): void {
  describe(`files: ${title}`, () => {
    let under: FilesUnderTest;
    let files: Files;
    let at: (name: string) => string;
    beforeEach(async () => {
      under = await make();
      files = under.files;
      at = (name) => `${under.folder}/${name}`;
    });
    afterEach(async () => under[Symbol.asyncDispose]());

    test('what is absent is undefined', async () => {
      assert.equal(await files.stat(at('a')), undefined);
      assert.equal(await files.read(at('a')), undefined);
      assert.equal(await files.list(at('a')), undefined);
      assert.equal(await files.stat(at('a/b/c')), undefined);
      await files.remove(at('a'));
    });

    test('a path through a file is an error, not an absence', async () => {
      await files.write(at('a'), bytes('x'));

      await assert.rejects(files.stat(at('a/b')), code('FILE_NOT_DIRECTORY'));
      await assert.rejects(files.read(at('a/b')), code('FILE_NOT_DIRECTORY'));
      await assert.rejects(files.list(at('a')), code('FILE_NOT_DIRECTORY'));
      await assert.rejects(files.write(at('a/b'), bytes('')), code('FILE_NOT_DIRECTORY'));
    });

    test('a relative path is refused', async () => {
      await assert.rejects(files.stat('etc/passwd'), code('FILE_PATH_RELATIVE'));
      await assert.rejects(files.write('x', bytes('')), code('FILE_PATH_RELATIVE'));
    });

    test('a new file has its content, mode 644, and the mode given', async () => {
      await files.write(at('plain'), bytes('hello'));
      await files.write(at('secret'), bytes('s'), { mode: 0o600 });

      assert.equal(text(await files.read(at('plain'))), 'hello');
      const stat = await files.stat(at('plain'));
      assert.deepEqual([stat?.kind, stat?.mode, stat?.size], ['file', 0o644, 5]);
      assert.equal((await files.stat(at('secret')))?.mode, 0o600);
    });

    test('bytes that are not text survive', async () => {
      const content = Uint8Array.from([0, 255, 10, 13, 0]);
      await files.write(at('bin'), content);

      assert.deepEqual(Uint8Array.from((await files.read(at('bin'))) ?? []), content);
    });

    test('writing again keeps the mode and the owner, unless a mode is given', async () => {
      await files.write(at('a'), bytes('1'), { mode: 0o640 });
      const before = await files.stat(at('a'));

      await files.write(at('a'), bytes('22'));
      assert.deepEqual(await files.stat(at('a')), { ...before, size: 2 });

      await files.write(at('a'), bytes('22'), { mode: 0o4755 });
      assert.equal((await files.stat(at('a')))?.mode, 0o4755);
    });

    test('writing leaves nothing beside the file', async () => {
      await files.write(at('a'), bytes('1'));
      await files.write(at('a'), bytes('2'));

      assert.deepEqual(await files.list(under.folder), ['a']);
    });

    test('writing needs a parent, and is refused on a directory', async () => {
      await assert.rejects(files.write(at('no/a'), bytes('')), code('FILE_PARENT_MISSING'));
      await assert.rejects(files.write(under.folder, bytes('')), code('FILE_IS_DIRECTORY'));
      await assert.rejects(files.read(under.folder), code('FILE_IS_DIRECTORY'));
    });

    test('a directory needs a parent, unless parents are asked for', async () => {
      await assert.rejects(files.makeDirectory(at('a/b')), code('FILE_PARENT_MISSING'));

      await files.makeDirectory(at('a/b/c'), { parents: true, mode: 0o700 });
      assert.equal((await files.stat(at('a/b/c')))?.mode, 0o700);
      assert.equal((await files.stat(at('a/b')))?.mode, 0o755);
      assert.deepEqual(await files.list(at('a')), ['b']);
    });

    test('a directory that exists is refused, and fine when parents are asked for', async () => {
      await files.makeDirectory(at('d'), { mode: 0o711 });

      await assert.rejects(files.makeDirectory(at('d')), code('FILE_EXISTS'));
      await files.makeDirectory(at('d'), { parents: true, mode: 0o700 });
      assert.equal((await files.stat(at('d')))?.mode, 0o711);
      await files.write(at('f'), bytes(''));
      await assert.rejects(files.makeDirectory(at('f'), { parents: true }), code('FILE_EXISTS'));
      await assert.rejects(files.makeDirectory(at('f/g'), { parents: true }), code('FILE_NOT_DIRECTORY'));
    });

    test('names in a directory are sorted', async () => {
      for (const name of ['b', 'a', 'C']) await files.write(at(name), bytes(''));

      assert.deepEqual(await files.list(under.folder), ['C', 'a', 'b']);
    });

    test('a symlink is itself to stat, and what it points at to read, write and setMode', async () => {
      await files.write(at('real'), bytes('1'), { mode: 0o600 });
      await files.link(at('link'), 'real');

      const stat = await files.stat(at('link'));
      assert.deepEqual([stat?.kind, stat?.target], ['symlink', 'real']);
      assert.equal(text(await files.read(at('link'))), '1');
      await files.write(at('link'), bytes('2'));
      await files.setMode(at('link'), 0o640);
      assert.equal(text(await files.read(at('real'))), '2');
      assert.equal((await files.stat(at('real')))?.mode, 0o640);
      assert.equal((await files.stat(at('link')))?.kind, 'symlink');
    });

    test('a dangling symlink reads as absent, and writing makes what it points at', async () => {
      await files.link(at('link'), at('later'));

      assert.equal(await files.read(at('link')), undefined);
      assert.equal((await files.stat(at('link')))?.target, at('later'));
      await files.write(at('link'), bytes('x'));
      assert.equal(text(await files.read(at('later'))), 'x');
    });

    test('symlinks on the way are followed, absolute or relative', async () => {
      await files.makeDirectory(at('a/b'), { parents: true });
      await files.link(at('abs'), at('a'));
      await files.link(at('a/up'), '../a/b');
      await files.write(at('abs/up/file'), bytes('x'));

      assert.deepEqual(await files.list(at('a/b')), ['file']);
      assert.deepEqual(await files.list(at('a/up')), ['file']);
    });

    test('symlinks in a circle are an error', async () => {
      await files.link(at('a'), 'b');
      await files.link(at('b'), 'a');

      await assert.rejects(files.read(at('a')), code('FILE_LOOP'));
      await assert.rejects(files.write(at('a'), bytes('')), code('FILE_LOOP'));
      assert.equal((await files.stat(at('a')))?.kind, 'symlink');
    });

    test('a link where something is, or without a parent, is refused', async () => {
      await files.write(at('a'), bytes(''));

      await assert.rejects(files.link(at('a'), 'x'), code('FILE_EXISTS'));
      await assert.rejects(files.link(at('no/a'), 'x'), code('FILE_PARENT_MISSING'));
    });

    test('removing takes a tree with it, and a symlink without its target', async () => {
      await files.makeDirectory(at('d/e'), { parents: true });
      await files.write(at('d/e/f'), bytes(''));
      await files.makeDirectory(at('kept'));
      await files.write(at('kept/file'), bytes(''));
      await files.link(at('d/link'), '../kept');
      await files.link(at('link'), 'kept');

      await files.remove(at('d'));
      await files.remove(at('link'));
      assert.deepEqual(await files.list(under.folder), ['kept']);
      assert.deepEqual(await files.list(at('kept')), ['file']);
      await assert.rejects(files.remove('/'), code('FILE_PROTECTED'));
    });

    test('a name that only begins like another is another', async () => {
      await files.makeDirectory(at('ab'));
      await files.makeDirectory(at('a'));
      await files.remove(at('a'));

      assert.deepEqual(await files.list(under.folder), ['ab']);
    });

    test('renaming moves a tree, and replaces a file', async () => {
      await files.makeDirectory(at('d'));
      await files.write(at('d/f'), bytes('1'), { mode: 0o600 });
      await files.write(at('x'), bytes('old'));
      await files.rename(at('d'), at('e'));
      await files.rename(at('e/f'), at('x'));

      assert.equal(text(await files.read(at('x'))), '1');
      assert.equal((await files.stat(at('x')))?.mode, 0o600);
      assert.deepEqual(await files.list(under.folder), ['e', 'x']);
    });

    test('renaming refuses what is absent, and what does not fit', async () => {
      await files.makeDirectory(at('d'));
      await files.makeDirectory(at('empty'));
      await files.write(at('d/f'), bytes(''));
      await files.write(at('f'), bytes(''));

      await assert.rejects(files.rename(at('no'), at('x')), code('FILE_UNKNOWN'));
      await assert.rejects(files.rename(at('f'), at('no/x')), code('FILE_PARENT_MISSING'));
      await assert.rejects(files.rename(at('f'), at('d')), code('FILE_IS_DIRECTORY'));
      await assert.rejects(files.rename(at('d'), at('f')), code('FILE_NOT_DIRECTORY'));
      await assert.rejects(files.rename(at('empty'), at('d')), code('FILE_NOT_EMPTY'));
      await files.rename(at('d'), at('empty'));
      assert.deepEqual(await files.list(at('empty')), ['f']);
    });

    test('mode and owner of what is absent cannot be set', async () => {
      await assert.rejects(files.setMode(at('no'), 0o600), code('FILE_UNKNOWN'));
      await assert.rejects(files.setOwner(at('no'), { uid: 0 }), code('FILE_UNKNOWN'));
    });

    test('an owner is set in part, and of a symlink itself', asRoot, async () => {
      await files.write(at('a'), bytes(''));
      await files.link(at('link'), 'a');
      await files.setOwner(at('a'), { uid: 1234 });
      await files.setOwner(at('link'), { gid: 77 });

      const [file, link] = [await files.stat(at('a')), await files.stat(at('link'))];
      assert.deepEqual([file?.uid, file?.gid], [1234, 0]);
      assert.deepEqual([link?.uid, link?.gid], [0, 77]);
      await files.write(at('a'), bytes('2'));
      assert.equal((await files.stat(at('a')))?.uid, 1234);
    });

    test('a set-group-id directory gives its group on', asRoot, async () => {
      await files.makeDirectory(at('d'));
      await files.setOwner(at('d'), { gid: 77 });
      await files.setMode(at('d'), 0o2775);
      await files.write(at('d/f'), bytes(''));
      await files.makeDirectory(at('d/e'));

      const [file, folder] = [await files.stat(at('d/f')), await files.stat(at('d/e'))];
      assert.deepEqual([file?.gid, folder?.gid, folder?.mode], [77, 77, 0o2755]);
    });
  });
}
