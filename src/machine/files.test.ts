import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fakeMachine } from './fake.ts';
import { filesContract } from './files.contract.ts';
import { realFiles } from './files.ts';

filesContract('fake', async () => ({
  files: fakeMachine({ files: { '/work': { directory: true } } }).files,
  folder: '/work',
  [Symbol.asyncDispose]: async () => {},
}));

filesContract('disk', async () => {
  const folder = await temporary();
  return { files: realFiles(), folder, [Symbol.asyncDispose]: () => fs.rm(folder, { recursive: true }) };
});

filesContract('disk, in a root of its own', async () => {
  const root = await temporary();
  await fs.mkdir(`${root}/work`);
  return {
    files: realFiles({ root }),
    folder: '/work',
    [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }),
  };
});

test('a root is not left by symlinks or dots', async () => {
  const root = await temporary();
  const files = realFiles({ root });
  await files.link('/escape', '/etc');
  await files.link('/dots', '../../../../etc/hostname');
  await files.makeDirectory('/etc');
  await files.write('/escape/hostname', new TextEncoder().encode('inside'));

  assert.equal(await fs.readFile(`${root}/etc/hostname`, 'utf8'), 'inside');
  assert.equal(new TextDecoder().decode(await files.read('/dots')), 'inside');
  assert.equal(new TextDecoder().decode(await files.read('/../../etc/hostname')), 'inside');
  await fs.rm(root, { recursive: true });
});

test('a failed write leaves the old content and nothing beside it', async () => {
  const folder = await temporary();
  const files = realFiles();
  await fs.writeFile(`${folder}/full`, 'old');

  await assert.rejects(files.write(`${folder}/${'n'.repeat(300)}`, new Uint8Array()), { code: 'FILE_NAME_TOO_LONG' });
  assert.deepEqual(await fs.readdir(folder), ['full']);
  await fs.rm(folder, { recursive: true });
});

function temporary(): Promise<string> {
  return fs.mkdtemp(`${tmpdir()}/zester-files-`);
}
