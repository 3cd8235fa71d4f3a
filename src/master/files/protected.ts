import { type BigIntStats, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { isGone, isWithin, realPathOf } from '#tree/bounds.ts';
import { fileProtected, fileUnreadable } from '#tree/problems.ts';
import type { Folders } from '#wire/environments.ts';

/** No key is as large; a larger file in a folder of keys is nothing to look for in others. */
const maxKeyBytes = 65_536;

export interface Protected {
  /** The protected file or folder that a file is, by whatever name: hard links and bind mounts are the same file. */
  readonly protectedAs: (stat: BigIntStats) => string | undefined;
  /** Refuses content that holds one of the keys: copies are found too. Throws `TREE_FILE_PROTECTED`. */
  readonly checkContent: (path: string, content: Uint8Array) => void;
}

/** What of some folders would give a fleet away: looked at anew for every publish, for keys rotate. */
export function protectedFolders(folders: readonly string[]): Protected {
  const files = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const folder of folders) collect(folder, { files, keys });
  const needles = [...keys].map(([key, file]) => [Buffer.from(key), file] as const);
  return {
    protectedAs: (stat) => files.get(identity(stat)),
    checkContent(path, content) {
      const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      const found = needles.find(([needle]) => text.includes(needle));
      if (found !== undefined) throw fileProtected(path, found[1]);
    },
  };
}

/** Refuses folders of a tree that are, hold, or lie in a protected one, by where they really are. Throws `TREE_FOLDER_PROTECTED`. */
export function refuseProtectedFolders(
  folders: Folders,
  { linkDirs, protectedDirs }: { readonly linkDirs: readonly string[]; readonly protectedDirs: readonly string[] },
): void {
  const published = [
    ...Object.entries(folders).flatMap(([env, all]) => all.map((folder) => [`environment "${env}"`, folder] as const)),
    ...linkDirs.map((folder) => ['"link_dirs"', folder] as const),
  ];
  for (const [whose, folder] of published) {
    const real = realPathOf(folder) ?? resolve(folder);
    for (const secret of protectedDirs) {
      const realSecret = realPathOf(secret) ?? resolve(secret);
      const how = isWithin(real, realSecret) ? 'lies in' : isWithin(realSecret, real) ? 'holds' : undefined;
      if (how === undefined) continue;
      throw new ZesterError(
        'source',
        'TREE_FOLDER_PROTECTED',
        `Cannot publish "${folder}" of the ${whose}: it ${how} "${secret}", which has the keys of the fleet`,
        { hint: 'Keep the state tree in a folder of its own, such as /var/lib/zester/states' },
      );
    }
  }
}

interface Found {
  /** Identity of a file or folder → its path. */
  readonly files: Map<string, string>;
  /** A key → the file that has it. */
  readonly keys: Map<string, string>;
}

function collect(path: string, found: Found): void {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || found.files.has(identity(stat))) return;
    found.files.set(identity(stat), path);
    if (stat.isDirectory()) for (const name of readdirSync(path)) collect(join(path, name), found);
    if (!stat.isFile() || stat.size > maxKeyBytes) return;
    for (const key of keysIn(readFileSync(path, 'latin1'))) found.keys.set(key, path);
  } catch (error) {
    // A key that cannot be read cannot be told apart: better nothing is published.
    if (!isGone(error)) throw fileUnreadable(path, error);
  }
}

/** Seeds of nkeys, and of PEM keys their last whole line: the first ones of two keys can be the same. */
function keysIn(text: string): readonly string[] {
  const seeds = text.match(/\bS[A-Z][A-Z2-7]{56}\b/g) ?? [];
  const pems = text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END/g);
  const lines = [...pems].flatMap(([, body = '']) => {
    const whole = body.split(/\s+/).filter((line) => line.length >= 40);
    return whole.slice(-1);
  });
  return [...seeds, ...lines];
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
