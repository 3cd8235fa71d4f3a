import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import type { Attack } from './attack.ts';
import { enemy, local } from './support/enemy.ts';

const link = ['FILE_LINK_UNTRUSTED'];
const hardLink = ['FILE_HARD_LINKED'];

/** What a user of the machine does, so that root does it a favour. */
export const attacks: readonly Attack[] = [
  local('a user plants a link where root manages a file', async (ground) => {
    await ground.plantLink('home/app.conf', 'vault/secret');
    await ground.plantLink('home/job', 'cron.d/job');
    const name = ground.path('home/app.conf');

    await ground.refuses(link, 'file.managed', { name, user: enemy, mode: '0644' });
    await ground.refuses(link, 'file.managed', { name, contents: 'x', user: enemy });
    await ground.refuses(link, 'file.managed', { name: ground.path('home/job'), contents: '* * * * * root id' });
    await ground.refuses(link, 'file.touch', { name: ground.path('home/job/x') });
  }),
  local('a user plants a link where a directory on the way was', async (ground) => {
    await ground.plantLink('home/conf', 'cron.d');
    const name = ground.path('home/conf/job');

    await ground.refuses(link, 'file.managed', { name, contents: 'x', makedirs: true, user: enemy });
    await ground.refuses(link, 'file.touch', { name });
    await ground.refuses(link, 'file.symlink', { name, target: '/etc/passwd', makedirs: true });
    await ground.refuses(link, 'file.directory', { name, user: enemy });
    await ground.refuses(link, 'file.recurse', { name, source: 'app' }, { 'app/a': 'x' });
  }),
  local('a user plants a link where missing directories are made', async (ground) => {
    await ground.plantLink('home/conf', 'cron.d');
    await ground.plantLink('home/later', 'cron.d/later');
    for (const at of ['home/conf/a/b', 'home/later/a/b']) {
      const name = ground.path(at);

      await ground.refuses(link, 'file.managed', { name, contents: 'x', makedirs: true, user: enemy });
      await ground.refuses(link, 'file.directory', { name, makedirs: true, user: enemy });
      await ground.refuses(link, 'file.append', { name, text: ['x'], makedirs: true });
      assert.equal(await ground.call('file.mkdir', { path: name }), 'FILE_LINK_UNTRUSTED');
    }
  }),
  local('a user plants a link where a backup is kept', async (ground) => {
    for (const [file, to] of [
      ['a', 'vault/secret'],
      ['b', 'cron.d/job'],
    ] as const) {
      await ground.plantFile(`home/${file}`, 'old\n');
      await ground.plantLink(`home/${file}.bak`, to);
      const name = ground.path(`home/${file}`);

      await ground.refuses(link, 'file.managed', { name, contents: 'new', backup: true });
      await ground.refuses(link, 'file.append', { name, text: ['new'], backup: true });
    }
  }),
  local('a user gives a file of root a second name where root manages one', async (ground) => {
    await ground.plantHardLink('home/app.conf', 'vault/secret');
    const name = ground.path('home/app.conf');

    await ground.refuses(hardLink, 'file.managed', { name, user: enemy });
    await ground.refuses(hardLink, 'file.managed', { name, mode: '0644' });
    await ground.refuses(hardLink, 'file.append', { name, text: ['x'] });
    assert.equal(await ground.call('file.set_mode', { path: name, mode: '0666' }), 'FILE_HARD_LINKED');
    await ground.untouched();
  }),
  local('a user plants links where root edits texts', async (ground) => {
    await ground.plantLink('home/secret', 'vault/secret');
    await ground.plantLink('home/job', 'cron.d/job');
    for (const name of [ground.path('home/secret'), ground.path('home/job')]) {
      await ground.refuses(link, 'file.append', { name, text: ['x'] });
      await ground.refuses(link, 'file.prepend', { name, text: ['x'] });
      await ground.refuses(link, 'file.replace', { name, pattern: 'root', repl: 'all', append_if_not_found: true });
      await ground.refuses(link, 'file.line', { name, content: 'x', mode: 'insert', location: 'end' });
      await ground.refuses(link, 'file.blockreplace', { name, content: 'x', append_if_not_found: true });
      await ground.refuses(link, 'file.comment', { name, regex: '^for' });
      await ground.refuses(link, 'file.keyvalue', { name, key: 'a', value: 'b', append_if_not_found: true });
      await ground.refuses(link, 'file.serialize', { name, dataset: { a: 1 } });
      assert.equal(await ground.call('file.append', { path: name, text: 'x' }), 'FILE_LINK_UNTRUSTED');
      assert.equal(await ground.call('file.write', { path: name, contents: 'x' }), 'FILE_LINK_UNTRUSTED');
    }
    await ground.untouched();
  }),
  local('a user plants what root copies, and where it copies to', async (ground) => {
    await ground.plantLink('home/source', 'vault/secret');
    await ground.plantHardLink('home/name', 'vault/secret');
    await ground.plantLink('home/folder', 'vault');
    await ground.plantFile('home/own', 'x\n');
    await ground.plantLink('home/job', 'cron.d/job');
    const name = ground.path('home/copy');

    await ground.refuses(link, 'file.copy', { name, source: ground.path('home/source'), user: enemy });
    await ground.refuses(hardLink, 'file.copy', { name, source: ground.path('home/name'), user: enemy });
    await ground.refuses(link, 'file.copy', { name, source: ground.path('home/folder/secret'), user: enemy });
    await ground.refuses(link, 'file.managed', { name, source: ground.path('home/source'), user: enemy });
    await ground.refuses(link, 'file.copy', { name: ground.path('home/job'), source: ground.path('home/own') });
    await ground.undisclosed();
  }),
  local('a user has root read aloud what the user may not read', async (ground) => {
    await ground.plantLink('home/link', 'vault/secret');
    await ground.plantHardLink('home/name', 'vault/secret');
    await ground.plantLink('home/folder', 'vault');

    for (const [at, code] of [
      ['home/link', 'FILE_LINK_UNTRUSTED'],
      ['home/name', 'FILE_HARD_LINKED'],
      ['home/folder/secret', 'FILE_LINK_UNTRUSTED'],
    ] as const) {
      assert.equal(await ground.call('file.read', { path: ground.path(at) }), code);
      assert.equal(await ground.call('file.get_hash', { path: ground.path(at) }), code);
    }
    assert.equal(await ground.call('file.readdir', { path: ground.path('home/folder') }), 'FILE_LINK_UNTRUSTED');
  }),
  local('a user plants links and names in a directory that root gives away with all that is in it', async (ground) => {
    await ground.plantDirectory('home/site');
    await ground.plantLink('home/site/link', 'vault/secret');
    await ground.plantLink('home/site/folder', 'vault');
    const name = ground.path('home/site');
    await ground.apply('file.directory', {
      name,
      user: 1234,
      mode: '0755',
      file_mode: '0644',
      recurse: ['user', 'mode'],
    });
    await ground.untouched();

    // Root takes the directory itself: when it comes to the name, it must still be known who could make it.
    for (const user of [1234, 0]) {
      await fs.chown(ground.place('home/site'), enemy, enemy);
      await fs.rm(ground.place('home/site/name'), { force: true });
      await ground.plantHardLink('home/site/name', 'vault/secret');
      const wish = { name, user, mode: '0755', file_mode: '0644', recurse: ['user', 'mode'] };
      await ground.refuses(hardLink, 'file.directory', wish);
    }
  }),
  local('a user plants a link for the directory that root gives away', async (ground) => {
    await ground.plantLink('home/site', 'vault');
    const name = ground.path('home/site');

    await ground.refuses(link, 'file.directory', { name, user: enemy, recurse: ['user'] });
    await ground.refuses(link, 'file.directory', { name, mode: '0777', file_mode: '0666', recurse: ['mode'] });
  }),
  local('a user plants a link for the directory that root cleans', async (ground) => {
    await ground.plantLink('home/site', 'vault');
    await ground.plantDirectory('home/real');
    await ground.plantLink('home/real/sub', 'vault');
    const name = ground.path('home/site');

    await ground.refuses(link, 'file.directory', { name, clean: true });
    await ground.refuses(link, 'file.recurse', { name, source: 'app', clean: true }, { 'app/a': 'x' });
    await ground.apply(
      'file.recurse',
      { name: ground.path('home/real'), source: 'app', clean: true },
      { 'app/a': 'x' },
    );
    await ground.untouched();
    await ground.apply('file.directory', { name: ground.path('home/real'), clean: true });
    await ground.untouched();
    assert.deepEqual(await fs.readdir(ground.place('home/real')), []);
  }),
  local('a user plants a link on the way to what root removes', async (ground) => {
    await ground.plantLink('home/tmp', 'vault');
    await ground.plantDirectory('home/old');
    await ground.plantLink('home/old/tmp', 'vault');

    await ground.refuses(link, 'file.absent', { name: ground.path('home/tmp/secret') });
    assert.equal(await ground.call('file.remove', { path: ground.path('home/tmp/secret') }), 'FILE_LINK_UNTRUSTED');
    assert.equal((await ground.apply('file.absent', { name: ground.path('home/old') })).result, 'changed');
    await ground.plantHardLink('home/name', 'vault/secret');
    const { result, diff } = await ground.apply('file.absent', { name: ground.path('home/name') });
    assert.equal(result, 'changed');
    assert.doesNotMatch(diff ?? '', /root alone/);
    await ground.untouched();
  }),
  local('a user plants what root renames, and where to', async (ground) => {
    await ground.plantHardLink('home/name', 'vault/secret');
    await ground.plantLink('home/folder', 'vault');
    await ground.plantFile('home/own', 'x\n');
    await ground.plantLink('home/jobs', 'cron.d');
    const name = ground.path('srv/app.conf');

    await ground.refuses(hardLink, 'file.rename', { name, source: ground.path('home/name') });
    await ground.refuses(link, 'file.rename', { name, source: ground.path('home/folder/secret') });
    await ground.refuses(link, 'file.rename', { name: ground.path('home/jobs/job'), source: ground.path('home/own') });
    assert.deepEqual(await fs.readdir(ground.place('srv')), []);
  }),
  local('a user plants a pipe where root reads or writes', async (ground) => {
    await ground.plantPipe('home/pipe');
    const name = ground.path('home/pipe');
    const special = ['FILE_SPECIAL'];

    await ground.refuses(special, 'file.managed', { name, contents: 'x' });
    await ground.refuses(special, 'file.append', { name, text: ['x'] });
    await ground.refuses(special, 'file.copy', { name: ground.path('home/copy'), source: name });
    assert.equal(await ground.call('file.read', { path: name }), 'FILE_SPECIAL');
    assert.equal(await ground.call('file.write', { path: name, contents: 'x' }), 'FILE_SPECIAL');
  }),
  local('a user plants a link in a folder for all', async (ground) => {
    await fs.mkdir(ground.place('tmp'));
    await fs.chmod(ground.place('tmp'), 0o1777);
    await ground.plantLink('tmp/app.log', 'vault/secret');
    await ground.plantLink('tmp/app', 'cron.d');
    // A link of root's, moved there from a folder of the enemy's: whose it is says nothing there.
    await fs.mkdir(ground.place('open'));
    await fs.chmod(ground.place('open'), 0o777);
    await fs.symlink(ground.path('vault/secret'), ground.place('open/link'));

    await ground.refuses(link, 'file.managed', { name: ground.path('tmp/app.log'), contents: 'x' });
    await ground.refuses(link, 'file.managed', { name: ground.path('tmp/app/job'), contents: 'x' });
    await ground.refuses(link, 'file.managed', { name: ground.path('open/link'), mode: '0644' });
  }),
  local('a user plants a link for the directory that a command of root starts in', async (ground) => {
    await ground.plantLink('home/work', 'cron.d');
    const command = { name: 'echo x > job', cwd: ground.path('home/work') };

    await ground.refuses(link, 'cmd.run', command);
    assert.equal(await ground.call('cmd.run', { cmd: command.name, cwd: command.cwd }), 'FILE_LINK_UNTRUSTED');
  }),
  local('a user plants a file that would run as root once it is given to root', async (ground) => {
    await ground.plantFile('home/tool', 'x\n', 0o6777);

    await ground.apply('file.managed', { name: ground.path('home/tool'), contents: 'id', user: 'root', group: 'root' });

    const { mode, uid } = await fs.stat(ground.place('home/tool'));
    assert.deepEqual([uid, mode & 0o6000], [0, 0]);
    const planted = { name: ground.path('home/own'), user: 'root', mode: '4755' };
    await ground.plantFile('home/own', '#!/bin/sh\n', 0o755);
    const { error } = await ground.apply('file.managed', planted);
    assert.equal(error?.code, 'FILE_SET_ID_UNTRUSTED');
  }),
  local(
    'a user of a machine that lives in a folder plants links out of it and inside it',
    async (ground) => {
      await ground.plantLink('home/inside', 'vault/secret');
      await ground.plantLink('home/up', '../../../../../../vault/secret');
      await ground.plantLink('home/conf', 'cron.d');

      await ground.refuses(link, 'file.managed', { name: '/home/inside', user: enemy });
      await ground.refuses(link, 'file.append', { name: '/home/up', text: ['x'] });
      await ground.refuses(link, 'file.managed', { name: '/home/conf/a/b', contents: 'x', makedirs: true });
      await ground.refuses(link, 'file.absent', { name: '/home/conf/a' });
    },
    { isRoot: true },
  ),
  local(
    'a user plants a link on the way to the home of another',
    async (ground) => {
      await ground.plantLink('home/jobs', 'cron.d');
      await ground.plantLink('home/folder', 'vault');
      await fs.appendFile(ground.place('etc/passwd'), `eve:x:2001:${enemy}::/home/folder/secret:/bin/sh\n`);

      await ground.refuses(link, 'user.present', { name: 'ann', home: '/home/jobs/ann', createhome: true });
      await ground.refuses(link, 'user.absent', { name: 'eve', purge: true });
    },
    { isRoot: true },
  ),
];
