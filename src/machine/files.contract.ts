import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Files } from './machine.ts';

export interface FilesUnderTest {
  readonly files: Files;
  /** A writable, empty folder of that machine. */
  readonly folder: string;
  /** What another user may do there, without the port; nobody can where files are only supposed. */
  readonly other?: {
    /** A second name for a file. */
    link(from: string, to: string): Promise<void>;
    pipe(path: string): Promise<void>;
  };
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

    test('content, owner and mode come in one step', asRoot, async () => {
      await files.write(at('new'), bytes('1'), { mode: 0o600, owner: { uid: 1234, gid: 77 } });
      await files.write(at('part'), bytes('1'), { owner: { gid: 77 } });
      await files.makeDirectory(at('d'), { mode: 0o700, owner: { uid: 1234 } });
      await files.link(at('link'), 'new', { owner: { uid: 1234, gid: 77 } });

      assert.deepEqual(await owners(['new', 'part', 'd', 'link']), ['1234:77', '0:77', '1234:0', '1234:77']);
      assert.deepEqual([(await files.stat(at('new')))?.mode, (await files.stat(at('d')))?.mode], [0o600, 0o700]);
    });

    test('a file that changes hands does not run as its new owner, unless that is said', asRoot, async () => {
      for (const name of ['kept', 'given', 'said']) {
        await files.write(at(name), bytes('1'), { mode: 0o6755, owner: { uid: 1234 } });
      }
      await files.write(at('kept'), bytes('2'));
      await files.write(at('given'), bytes('2'), { owner: { uid: 0 } });
      await files.write(at('said'), bytes('2'), { owner: { uid: 0 }, mode: 0o4755 });

      const modes = await Promise.all(
        ['kept', 'given', 'said'].map(async (each) => (await files.stat(at(each)))?.mode),
      );
      assert.deepEqual(modes, [0o6755, 0o755, 0o4755]);
    });

    test('a link takes the place of a link or a file, and never of a directory', async () => {
      await files.link(at('link'), 'old');
      await files.write(at('file'), bytes(''));
      await files.makeDirectory(at('d'));
      await files.link(at('link'), 'new', { replace: true });
      await files.link(at('file'), 'new', { replace: true });

      assert.equal((await files.stat(at('link')))?.target, 'new');
      assert.equal((await files.stat(at('file')))?.target, 'new');
      await assert.rejects(files.link(at('d'), 'new', { replace: true }), code('FILE_IS_DIRECTORY'));
      assert.deepEqual(await files.list(under.folder), ['d', 'file', 'link']);
    });

    test('a path is resolved through its links, whether it exists or not', async () => {
      await files.makeDirectory(at('a/b'), { parents: true });
      await files.link(at('a/up'), '../a/b');
      await files.link(at('end'), 'a/up/later');

      assert.equal(await files.resolve(at('a/up')), at('a/b'));
      assert.equal(await files.resolve(at('a/up/no/such')), at('a/b/no/such'));
      assert.equal(await files.resolve(at('end')), at('a/b/later'));
      assert.equal(await files.resolve('/'), '/');
    });

    test('a link of another user is followed by nothing but stat', asRoot, async () => {
      await theirs('theirs');
      await files.makeDirectory(at('secret'));
      await files.write(at('secret/file'), bytes('s'), { mode: 0o600 });
      await files.link(at('theirs/folder'), at('secret'), { owner: { uid: 1234 } });
      await files.link(at('theirs/file'), at('secret/file'), { owner: { uid: 1234 } });
      await files.link(at('mine'), at('secret'), { owner: { uid: 1234 } });

      for (const path of ['theirs/folder/file', 'theirs/file', 'mine/file']) {
        await assert.rejects(files.read(at(path)), code('FILE_LINK_UNTRUSTED'), path);
        await assert.rejects(files.write(at(path), bytes('x')), code('FILE_LINK_UNTRUSTED'), path);
        await assert.rejects(files.setMode(at(path), 0o666), code('FILE_LINK_UNTRUSTED'), path);
        await assert.rejects(files.resolve(at(path)), code('FILE_LINK_UNTRUSTED'), path);
      }
      for (const path of ['theirs/folder', 'mine']) {
        await assert.rejects(files.list(at(path)), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.remove(at(`${path}/file`)), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.setOwner(at(`${path}/file`), { uid: 1234 }), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.link(at(`${path}/new`), 'x'), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.makeDirectory(at(`${path}/new`), { parents: true }), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.rename(at(`${path}/file`), at('moved')), code('FILE_LINK_UNTRUSTED'));
        await assert.rejects(files.rename(at('secret/file'), at(`${path}/moved`)), code('FILE_LINK_UNTRUSTED'));
      }
      assert.equal((await files.stat(at('theirs/folder/file')))?.size, 1);
      assert.deepEqual(await owners(['secret/file']), ['0:0']);
      assert.deepEqual(await files.list(at('secret')), ['file']);
    });

    test('the refusal of a link names it, and who may have placed it', asRoot, async () => {
      await theirs('theirs');
      await files.link(at('theirs/link'), '/etc', { owner: { uid: 1234 } });

      await assert.rejects(files.read(at('theirs/link/hosts')), (error) => {
        assert.ok(isError(error, 'FILE_LINK_UNTRUSTED'));
        assert.match(error.message, /theirs\/link" is a symbolic link that belongs to user 1234/);
        assert.deepEqual(error.details, { component: at('theirs/link'), owner: 'user 1234' });
        return true;
      });
    });

    test('a link of root is followed where nobody else may replace it', asRoot, async () => {
      await files.write(at('real'), bytes('1'));
      const verdict = async (name: string, options: { mode: number; owner?: { uid?: number; gid?: number } }) => {
        await files.makeDirectory(at(name));
        await files.link(at(`${name}/link`), at('real'));
        await files.setOwner(at(name), options.owner ?? {});
        await files.setMode(at(name), options.mode);
        return files.read(at(`${name}/link`)).then(
          () => 'followed',
          (error) => (isError(error, 'FILE_LINK_UNTRUSTED') ? 'refused' : String(error)),
        );
      };

      assert.equal(await verdict('plain', { mode: 0o755 }), 'followed');
      assert.equal(await verdict('sticky', { mode: 0o1777 }), 'followed');
      assert.equal(await verdict('open', { mode: 0o777 }), 'refused');
      assert.equal(await verdict('group', { mode: 0o775, owner: { gid: 77 } }), 'refused');
      assert.equal(await verdict('theirs', { mode: 0o755, owner: { uid: 1234 } }), 'refused');
      assert.equal(await verdict('sticky-theirs', { mode: 0o1777, owner: { uid: 1234 } }), 'refused');
    });

    test('a link is removed, renamed and given away itself, whosoever it is', asRoot, async () => {
      await theirs('theirs');
      await files.write(at('victim'), bytes('s'), { mode: 0o600 });
      for (const name of ['a', 'b', 'c']) {
        await files.link(at(`theirs/${name}`), at('victim'), { owner: { uid: 1234 } });
      }
      await files.remove(at('theirs/a'));
      await files.rename(at('theirs/b'), at('theirs/d'));
      await files.setOwner(at('theirs/c'), { uid: 77 });

      assert.deepEqual(await files.list(at('theirs')), ['c', 'd']);
      assert.deepEqual(await owners(['theirs/c', 'victim']), ['77:0', '0:0']);
    });

    test(
      'a second name that a stranger may have made is neither read nor changed, but may be replaced',
      asRoot,
      async (context) => {
        const { other } = under;
        if (other === undefined) return context.skip('nobody else is there');
        await theirs('theirs');
        await files.write(at('victim'), bytes('s'), { mode: 0o600 });
        await other.link(at('victim'), at('theirs/name'));

        await assert.rejects(files.read(at('theirs/name')), code('FILE_HARD_LINKED'));
        await assert.rejects(files.setMode(at('theirs/name'), 0o644), code('FILE_HARD_LINKED'));
        await assert.rejects(files.setOwner(at('theirs/name'), { uid: 1234 }), code('FILE_HARD_LINKED'));
        await assert.rejects(files.rename(at('theirs/name'), at('moved')), code('FILE_HARD_LINKED'));
        await files.write(at('theirs/name'), bytes('new'), { mode: 0o644, owner: { uid: 1234 } });

        assert.equal(text(await files.read(at('victim'))), 's');
        assert.deepEqual([(await files.stat(at('victim')))?.mode, ...(await owners(['victim']))], [0o600, '0:0']);
        assert.equal(text(await files.read(at('theirs/name'))), 'new');
      },
    );

    test('several names are fine where only root, or the owner of the file, may make them', asRoot, async (context) => {
      const { other } = under;
      if (other === undefined) return context.skip('nobody else is there');
      await theirs('theirs');
      await files.write(at('a'), bytes('1'));
      await other.link(at('a'), at('b'));
      await files.write(at('theirs/a'), bytes('2'), { owner: { uid: 1234 } });
      await other.link(at('theirs/a'), at('theirs/b'));

      await files.setMode(at('b'), 0o640);
      await files.setMode(at('theirs/b'), 0o600);
      assert.equal((await files.stat(at('a')))?.mode, 0o640);
      assert.equal(text(await files.read(at('theirs/b'))), '2');
    });

    test('what somebody may replace does not get to run as its owner', asRoot, async () => {
      await theirs('theirs');
      await files.write(at('theirs/tool'), bytes(''));
      await files.write(at('theirs/own'), bytes(''), { owner: { uid: 1234 } });

      await assert.rejects(files.setMode(at('theirs/tool'), 0o4755), code('FILE_SET_ID_UNTRUSTED'));
      await files.setMode(at('theirs/tool'), 0o755);
      await files.setMode(at('theirs/own'), 0o4755);
      assert.equal((await files.stat(at('theirs/own')))?.mode, 0o4755);
    });

    test('a pipe is neither opened nor replaced', async (context) => {
      const { other } = under;
      if (other === undefined) return context.skip('nobody else is there');
      await other.pipe(at('pipe'));

      assert.equal((await files.stat(at('pipe')))?.kind, 'other');
      await assert.rejects(files.read(at('pipe')), code('FILE_SPECIAL'));
      await assert.rejects(files.write(at('pipe'), bytes('x')), code('FILE_SPECIAL'));
      await assert.rejects(files.list(at('pipe')), code('FILE_NOT_DIRECTORY'));
      await files.setMode(at('pipe'), 0o600);
      await files.remove(at('pipe'));
      assert.deepEqual(await files.list(under.folder), []);
    });

    /** A directory of another user. */
    async function theirs(name: string): Promise<void> {
      await files.makeDirectory(at(name), { owner: { uid: 1234, gid: 1234 } });
    }

    async function owners(names: readonly string[]): Promise<readonly string[]> {
      const stats = await Promise.all(names.map((name) => files.stat(at(name))));
      return stats.map((stat) => `${stat?.uid}:${stat?.gid}`);
    }
  });
}
