import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import type { Attack } from './attack.ts';
import { enemy, local, secret } from './support/enemy.ts';

/** What a user of the machine swaps while root is at work, and what the user waits for. */
export const attacks: readonly Attack[] = [
  local('a user swaps a directory for a link while root removes it', async (ground) => {
    await ground.plantDirectory('home/old');
    await ground.plantDirectory('home/old/sub');
    await using _racer = await ground.race('flip', 'home/old/sub', 'vault');
    for (let round = 0; round < 60; round++) {
      await fs.mkdir(ground.place('home/old/sub'), { recursive: true }).catch(() => {});
      await fs.writeFile(ground.place(`home/old/extra-${round}`), '');
      await ground.call('file.remove', { path: ground.path('home/old/sub') });
      await ground.call('file.remove', { path: ground.path('home/old/sub/secret') });
      await ground.untouched();
    }
  }),
  local('a user swaps a directory for a link while root gives it away', async (ground) => {
    await ground.plantDirectory('home/site');
    await ground.plantDirectory('home/site/sub');
    await ground.plantFile('home/site/sub/secret', 'mine\n');
    await using _racer = await ground.race('flip', 'home/site/sub', 'vault');
    const name = ground.path('home/site');
    for (let round = 0; round < 40; round++) {
      const wish = { name, user: 2000 + round, file_mode: round % 2 ? '0644' : '0666', recurse: ['user', 'mode'] };
      await ground.apply('file.directory', wish);
      await ground.call('file.set_mode', { path: `${name}/sub/secret`, mode: '0644' });
      await ground.untouched();
    }
  }),
  local('a user swaps a directory for a link while root writes into it', async (ground) => {
    await ground.plantDirectory('home/conf');
    await using _racer = await ground.race('flip', 'home/conf', 'cron.d');
    const name = ground.path('home/conf/job');
    for (let round = 0; round < 40; round++) {
      await ground.apply('file.managed', { name, contents: `round ${round}`, user: enemy, makedirs: true });
      await ground.apply('file.managed', { name: `${name}/${round}/x`, contents: 'x', user: enemy, makedirs: true });
      await ground.untouched();
    }
  }),
  local('a user swaps a file for a link while root changes its owner and mode', async (ground) => {
    await ground.plantFile('home/file', 'x\n');
    await using _racer = await ground.race('flip', 'home/file', 'vault/secret');
    for (let round = 0; round < 60; round++) {
      const wish = { name: ground.path('home/file'), user: 2000 + round, mode: round % 2 ? '0644' : '0666' };
      await ground.apply('file.managed', wish);
      await ground.call('file.set_mode', { path: wish.name, mode: '0777' });
      await ground.untouched();
    }
  }),
  local('a user replaces what root writes by a link before it has its name', async (ground) => {
    await using _racer = await ground.race('catch', 'home', 'vault/secret');
    for (let round = 0; round < 60; round++) {
      const wish = { name: ground.path('home/app.conf'), contents: `round ${round}`, user: enemy, mode: '0666' };
      await ground.apply('file.managed', wish);
      await ground.untouched();
    }
  }),
  local('a user waits for a secret that is open before it is closed', async (ground) => {
    const seen = new Set<string>();
    const watch = new AbortController();
    const watching = watchModes(ground.place('home'), watch.signal, seen);
    for (let round = 0; round < 15; round++) {
      const name = ground.path(`home/key-${round}`);
      await ground.apply('file.managed', { name, contents: secret, mode: '0600', user: 1234 });
      await ground.apply('file.copy', { name: `${name}-copy`, source: name, mode: '0600', user: 1234 });
      await ground.apply(
        'file.recurse',
        { name: `${name}-all`, source: 'keys', file_mode: '0600', dir_mode: '0700' },
        { 'keys/a': secret },
      );
    }
    watch.abort();
    await watching;

    assert.ok(seen.has('600 1234'), 'it was looked at');
    assert.deepEqual(
      [...seen].filter((each) => !/^(600|700) /.test(each)),
      [],
    );
  }),
];

/** Modes and owners of all that is ever seen in a folder. */
async function watchModes(folder: string, signal: AbortSignal, seen: Set<string>): Promise<void> {
  while (!signal.aborted) {
    for (const name of await fs.readdir(folder, { recursive: true })) {
      const stat = await fs.lstat(`${folder}/${name}`).catch(() => undefined);
      if (stat) seen.add(`${(stat.mode & 0o7777).toString(8)} ${stat.uid}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
