import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { realMachine } from '../real.ts';
import { accountsContract } from './contract.ts';

const isRoot = process.getuid?.() === 0;

accountsContract(
  'files, in a folder that stands for a machine',
  async () => {
    const root = await fs.mkdtemp(`${tmpdir()}/zester-folder-`);
    await fs.mkdir(`${root}/etc`);
    await fs.mkdir(`${root}/home`);
    await fs.writeFile(`${root}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\n');
    await fs.writeFile(`${root}/etc/group`, 'root:x:0:\n');
    await fs.writeFile(`${root}/etc/shadow`, 'root:*:19000:0:99999:7:::\n', { mode: 0o600 });
    await fs.writeFile(`${root}/etc/gshadow`, 'root:*::\n', { mode: 0o600 });
    return { ...realMachine({ root }), [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }) };
  },
  { skip: isRoot ? false : 'only root may write accounts' },
);
