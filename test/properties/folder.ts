import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { arrange } from '#kit/check-example.ts';
import type { Given } from '#machine/given.ts';
import type { Machine } from '#machine/machine.ts';
import { realMachine } from '#machine/real.ts';

/** A folder that stands for a machine, with what is given. */
export async function realFolder(given: Given) {
  const root = await fs.mkdtemp(`${tmpdir()}/zester-properties-`);
  for (const each of ['etc', 'home', 'srv', 'tmp', 'var/lib']) await fs.mkdir(`${root}/${each}`, { recursive: true });
  await fs.writeFile(`${root}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\n');
  await fs.writeFile(`${root}/etc/group`, 'root:x:0:\n');
  await fs.writeFile(`${root}/etc/shadow`, 'root:*:19000:0:99999:7:::\n', { mode: 0o600 });
  const machine: Machine = realMachine({ root });
  await arrange(machine, given);
  return { machine, root, [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }) };
}

/** Every path with its kind, mode, owner, time of change and content: two of them differ when anything was touched. */
export async function hashOf(root: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const path of ['', ...(await fs.readdir(root, { recursive: true }))].toSorted()) {
    const place = `${root}/${path}`;
    const { mode, uid, gid, mtimeNs } = await fs.lstat(place, { bigint: true });
    found[`/${path}`] = [mode.toString(8), uid, gid, mtimeNs, await contentHash(place, Number(mode))].join(' ');
  }
  return found;
}

const [kindMask, link, regular] = [0o170000, 0o120000, 0o100000];

async function contentHash(place: string, mode: number): Promise<string> {
  if ((mode & kindMask) === link) return fs.readlink(place);
  if ((mode & kindMask) !== regular) return '';
  return createHash('sha256')
    .update(await fs.readFile(place))
    .digest('hex');
}
