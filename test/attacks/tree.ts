import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLog } from '#base/log.ts';
import { resolveOptions } from '#base/options.ts';
import { lintFolders } from '#lint/folders.ts';
import { publishedTree } from '#master/files/options.ts';
import { sourceTree } from '#master/files/source-tree.ts';
import { masterOptions } from '#master/options.ts';
import { environmentsOf, localTree } from '#peel/shared/tree.ts';
import { authFiles } from '#trust/auth-dir.ts';
import type { Attack } from './attack.ts';
import { type Besieged, besieged } from './support/published.ts';

const seedFile = authFiles.roleSeed('peel');

export const attacks: readonly Attack[] = [
  planted('links a folder of the state tree to the seeds of all roles', 'TREE_FILE_PROTECTED', ({ nats, states }) => {
    symlinkSync(join(nats.auth.path, 'signing'), join(states, 'keys'));
  }),
  planted('links to a file of the machine by a chain of links inside the tree', 'TREE_LINK_LEAVES', ({ states }) => {
    symlinkSync('b', join(states, 'keys'));
    symlinkSync('c', join(states, 'b'));
    symlinkSync('/etc/passwd', join(states, 'c'));
  }),
  planted('links out of the tree by a relative path', 'TREE_LINK_LEAVES', ({ states, beside }) => {
    writeFileSync(join(beside, 'secret'), 'secret');
    symlinkSync('../beside/secret', join(states, 'keys'));
  }),
  planted('puts a named pipe into the tree, for the master to wait at', 'TREE_FILE_SPECIAL', ({ states }) => {
    execFileSync('mkfifo', [join(states, 'keys')]);
  }),
  planted('links to a device that never ends', 'TREE_LINK_LEAVES', ({ states }) => {
    symlinkSync('/dev/zero', join(states, 'keys'));
  }),
  planted('makes a hard link to a seed, under a harmless name', 'TREE_FILE_PROTECTED', ({ nats, states }) => {
    linkSync(join(nats.auth.path, seedFile), join(states, 'keys'));
  }),
  planted('copies a seed into a state file', 'TREE_FILE_PROTECTED', ({ nats, states }) => {
    const seed = readFileSync(join(nats.auth.path, seedFile), 'utf8').trim();
    writeFileSync(join(states, 'keys'), `a:\n  file.managed:\n    contents: ${seed}\n`);
  }),
  planted('copies the private key of the server', 'TREE_FILE_PROTECTED', ({ nats, states }) => {
    copyFileSync(join(nats.auth.path, 'nats-server.key'), join(states, 'keys'));
  }),
  planted('puts a file of many gigabytes into the tree', 'TREE_TOO_LARGE', ({ states }) => {
    writeFileSync(join(states, 'keys'), '');
    truncateSync(join(states, 'keys'), 64 * 1024 ** 3);
  }),
  {
    promise: 'A5',
    name: 'names the parent of the auth folder, the CA folder, or a link to one as a folder of states',
    quick: true,
    async run() {
      const home = mkdtempSync(join(tmpdir(), 'zester-attack-'));
      try {
        for (const folder of ['auth/signing', 'pki/ca', 'states']) mkdirSync(join(home, folder), { recursive: true });
        symlinkSync(join(home, 'auth'), join(home, 'states-link'));
        const boots = async (text: string) => {
          const file = { path: 'master.yaml', text: `auth_dir: ${home}/auth\nca_dir: ${home}/pki/ca\n${text}` };
          return publishedTree((await resolveOptions(masterOptions, { file })).values);
        };

        await boots(`states_dir: ${home}/states`);
        for (const text of [
          `states_dir: ${home}`,
          `states_dir: ${home}/states-link`,
          `states_dir: ${home}/auth/signing`,
          `states_dir: ${home}/states/../auth`,
          `environments: {dev: [${home}/states, ${home}/pki]}`,
          `environments: {base: ${home}/pki/ca}`,
          `link_dirs: [${home}/auth]`,
        ]) {
          await assert.rejects(boots(text), { code: 'TREE_FOLDER_PROTECTED' }, text);
        }
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  },
  {
    promise: 'A5',
    name: 'makes the folder of states a link to the auth folder while the master runs',
    quick: true,
    async run() {
      await using siege = await besieged();
      rmSync(siege.states, { recursive: true });
      symlinkSync(siege.nats.auth.path, siege.states);

      await siege.refuses('TREE_FOLDER_PROTECTED', /holds|lies in/);
    },
  },
  {
    promise: 'A5',
    name: 'swaps a file and a folder for links while they are read',
    quick: true,
    async run() {
      const home = mkdtempSync(join(tmpdir(), 'zester-attack-'));
      const at = (name: string) => join(home, name);
      for (const folder of ['states/good', 'states/folder', 'out']) mkdirSync(at(folder), { recursive: true });
      for (const file of ['states/good/x', 'states/folder/x']) writeFileSync(at(file), 'good');
      writeFileSync(at('out/x'), 'SECRET');
      const swap = (name: string, good: string, bad: string) =>
        `ln -s ${bad} ${name}.new; mv -T ${name}.new ${name}; ln -s ${good} ${name}.new; mv -T ${name}.new ${name}`;
      const loop = `cd ${at('states')}; rm -r folder; while :; do ${swap('file', 'good/x', '../out/x')}; ${swap('folder', 'good', '../out')}; done`;
      const swapping = spawn('sh', ['-c', loop], { stdio: 'ignore' });
      try {
        const tree = sourceTree({ base: [at('states')] }, silentLog);
        let [read, refused] = [0, 0];
        for (const end = Date.now() + 1_500; Date.now() < end || read + refused < 20; ) {
          const files = (await tree.read().catch(() => undefined))?.files;
          if (files === undefined) refused++;
          else read++;
          const texts = files?.map(({ content }) => Buffer.from(content).toString()) ?? [];
          assert.ok(!texts.includes('SECRET'), `the ${read}th read has what lies outside`);
        }
        assert.ok(refused > 0, 'the link was never met while it led outside');
      } finally {
        const over = new Promise((resolve) => swapping.once('exit', resolve));
        swapping.kill('SIGKILL');
        await over;
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  },
  {
    promise: 'A5',
    name: 'appends to a file of the tree for as long as it is read',
    quick: true,
    async run() {
      const home = mkdtempSync(join(tmpdir(), 'zester-attack-'));
      const file = join(home, 'log');
      writeFileSync(file, 'x'.repeat(1_000));
      const writing = spawn('sh', ['-c', `while :; do printf %1000d 0 >> ${file}; done`], { stdio: 'ignore' });
      try {
        const tree = sourceTree({ base: [home] }, silentLog);
        for (let round = 0; round < 50; round++) {
          const files = await tree.read().catch((error: { readonly code?: string }) => error.code);
          if (typeof files === 'string') assert.equal(files, 'TREE_FILE_CHANGING');
        }
      } finally {
        const over = new Promise((resolve) => writing.once('exit', resolve));
        writing.kill('SIGKILL');
        await over;
        rmSync(home, { recursive: true, force: true });
      }
    },
  },
  {
    promise: 'A5',
    name: 'gives linter, migration and local peel a link loop, a way out, a pipe and a socket',
    quick: true,
    async run() {
      const home = mkdtempSync(join(tmpdir(), 'zester-attack-'));
      const socket = createServer();
      try {
        const tree = join(home, 'tree');
        mkdirSync(join(tree, 'a'), { recursive: true });
        writeFileSync(join(tree, 'web.zy'), 'web: test.nop\n');
        symlinkSync('..', join(tree, 'a/back'));
        assert.equal(lintFolders({ folder: tree }).files, 1, 'a loop ends');
        assert.deepEqual(environmentsOf(localTree(tree), { immutable: false }).get('base')?.list(''), ['web.zy']);

        symlinkSync('/etc', join(tree, 'etc'));
        execFileSync('mkfifo', [join(tree, 'pipe')]);
        await new Promise<void>((resolve) => socket.listen(join(tree, 'socket'), resolve));

        const { findings } = lintFolders({ folder: tree });
        const told = findings
          .filter(({ severity }) => severity === 'error')
          .map(({ code, at }) => `${code} ${at.file}`);
        assert.deepEqual(told.map((each) => each.replace(tree, '')).sort(), [
          'TREE_FILE_SPECIAL /pipe',
          'TREE_FILE_SPECIAL /socket',
          'TREE_LINK_LEAVES /etc',
        ]);
        const local = environmentsOf(localTree(tree), { immutable: false }).get('base');
        for (const path of ['pipe', 'socket', 'etc/passwd'])
          assert.throws(() => local?.read(path), /Cannot take/, path);
        const { readFolder } = await import('#migrate/folder.ts');
        const migrated = await readFolder(tree);
        assert.deepEqual(
          migrated.files.map(({ path }) => path),
          ['web.zy'],
        );
        assert.deepEqual(
          migrated.leftOut.map(({ path }) => path),
          ['a/back', 'etc', 'pipe', 'socket'],
        );
      } finally {
        socket.close();
        rmSync(home, { recursive: true, force: true });
      }
    },
  },
];

/** Something at `states/keys` that must not be published; when it is gone, publishing goes on. */
function planted(name: string, code: string, plant: (siege: Besieged) => void): Attack {
  return {
    promise: 'A5',
    name,
    quick: true,
    async run() {
      await using siege = await besieged();
      plant(siege);

      await siege.refuses(code, /"(keys|c|b)"/);
      for (const each of ['keys', 'b', 'c']) rmSync(join(siege.states, each), { recursive: true, force: true });
      appendFileSync(join(siege.states, 'web.zy'), `# ${dirname(siege.states)}\n`);
      await siege.publishes();
    },
  };
}
