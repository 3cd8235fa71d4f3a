import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { foldersOf, isTreePath, linkedPath } from '#tree/tree.ts';
import { decode } from '#wire/codec.ts';
import { baseEnvironment, isEnvironmentName } from '#wire/environments.ts';
import { TreeIndex, treeVersion } from '#wire/files.ts';

const TreeVersion = z.pick(TreeIndex, { v: true });

/**
 * The index of a published tree, with all environments that it or its files name. Refuses with `TREE_VERSION_UNKNOWN`,
 * and with `TREE_PATH_UNSAFE` what would lie outside of the tree, or be made by way of a link of it.
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
  const links = new Set(index.links.map(({ env, path }) => `${env}\0${path}`));
  for (const { env, path, target } of index.links) {
    const isBelowLink = foldersOf(path).some((folder) => links.has(`${env}\0${folder}`));
    if (isBelowLink || linkedPath(path, target) === undefined) throw unsafe('link', path);
  }
  for (const { env, path } of index.emptyFolders) {
    if ([...foldersOf(path), path].some((each) => links.has(`${env}\0${each}`))) throw unsafe('folder', path);
  }
  return { ...index, environments };
}

function unsafe(what: 'environment' | 'path' | 'link' | 'folder', name: string): ZesterError {
  return new ZesterError(
    'denied',
    'TREE_PATH_UNSAFE',
    `Cannot take the state tree: its ${what} ${JSON.stringify(name)} leads out of it`,
  );
}
