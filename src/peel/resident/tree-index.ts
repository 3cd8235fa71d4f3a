import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { isTreePath, linkedPath } from '#tree/tree.ts';
import { decode } from '#wire/codec.ts';
import { baseEnvironment, isEnvironmentName } from '#wire/environments.ts';
import { TreeIndex, treeVersion } from '#wire/files.ts';

const TreeVersion = z.pick(TreeIndex, { v: true });

/**
 * The index of a published tree, with all environments that it or its files name. Refuses with `TREE_VERSION_UNKNOWN`,
 * and with `TREE_PATH_UNSAFE` what would lie outside of the tree.
 */
export function openIndex(bytes: Uint8Array): TreeIndex {
  const record = decode(bytes);
  const { v } = TreeVersion.parse(record);
  if (v > treeVersion) {
    throw new ZesterError(
      'denied',
      'TREE_VERSION_UNKNOWN',
      `Cannot take the state tree: its version ${v} is newer than this peel`,
      {
        hint: `Update zester-peel: it knows versions up to ${treeVersion}`,
      },
    );
  }
  const index = TreeIndex.parse(record);
  const environments = [...new Set([baseEnvironment, ...index.environments, ...index.files.map(({ env }) => env)])];
  for (const name of environments) if (!isEnvironmentName(name)) throw unsafe('environment', name);
  for (const { path } of [...index.files, ...index.links, ...index.emptyFolders]) {
    if (!isTreePath(path)) throw unsafe('path', path);
  }
  for (const { path, target } of index.links) if (linkedPath(path, target) === undefined) throw unsafe('link', path);
  return { ...index, environments };
}

function unsafe(what: 'environment' | 'path' | 'link', name: string): ZesterError {
  return new ZesterError(
    'denied',
    'TREE_PATH_UNSAFE',
    `Cannot take the state tree: its ${what} ${JSON.stringify(name)} leads out of it`,
  );
}
