import { type BigIntStats, type Dirent, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isError, type ZesterError } from '#base/errors.ts';
import { type Bounds, isGone, realPathOf } from './bounds.ts';
import { fileSpecial, fileUnreadable, treeLarge } from './problems.ts';
import { specialKind } from './read.ts';
import { isLeftOut } from './tree.ts';

/** What a walk through a folder meets. */
export type Met =
  | { readonly kind: 'file'; readonly path: string; readonly file: string }
  | { readonly kind: 'folder'; readonly path: string }
  /** What it leads to is met under its path as well, if anything. */
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** There, and no part of the tree: nothing is wrong with that. */
  | { readonly kind: 'left out'; readonly path: string; readonly why: string }
  /** What may not be in a tree. */
  | { readonly kind: 'problem'; readonly path: string; readonly error: ZesterError };

/** Why something is left out that nobody misses. */
export const ownFiles = 'kept by version control or an editor';

/** Folders that lead into each other have as many paths as there are orders: an end is needed. */
const maxMet = 500_000;
const maxDepth = 100;

/**
 * Everything in a folder but what version control and editors keep there, judged. A link counts as what it leads to; one that leads back
 * to a folder it lies in has no files. A folder that is not there is an empty one. In no order.
 */
export function* walk(folder: string, bounds: Bounds): Generator<Met> {
  let count = 0;
  for (const met of below(folder, '', [], bounds)) {
    yield met;
    if (++count <= maxMet) continue;
    yield { kind: 'problem', path: met.path, error: treeLarge('more', `it has more than ${maxMet} files and folders`) };
    return;
  }
}

/** `above` are the real folders it is in. */
function* below(folder: string, prefix: string, above: readonly string[], bounds: Bounds): Generator<Met> {
  const here = prefix === '' ? folder : join(folder, prefix);
  const problem = (path: string, error: ZesterError): Met => ({ kind: 'problem', path, error });
  let entries: readonly Dirent[];
  let real: string;
  try {
    real = realPathOf(here) ?? here;
    if (above.includes(real)) {
      yield { kind: 'left out', path: prefix, why: 'a link to a folder that it lies in' };
      return;
    }
    if (above.length > maxDepth) {
      yield problem(prefix, treeLarge(`"${prefix}"`, `it is more than ${maxDepth} folders deep`));
      return;
    }
    const stat = statSync(here, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) bounds.check(prefix, real, stat);
    entries = readdirSync(here, { withFileTypes: true });
    if (prefix !== '') yield { kind: 'folder', path: prefix };
  } catch (error) {
    if (!isGone(error)) yield problem(prefix, isError(error) ? error : fileUnreadable(prefix || folder, error));
    return;
  }
  for (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (isLeftOut(entry.name)) {
      yield { kind: 'left out', path, why: ownFiles };
      continue;
    }
    const file = join(folder, path);
    try {
      if (entry.isSymbolicLink()) yield { kind: 'link', path, target: readlinkSync(file) };
      const stat = entry.isFile() ? undefined : statOf(file);
      if (stat?.isDirectory()) {
        yield* below(folder, path, [...above, real], bounds);
        continue;
      }
      // A link to a file is judged here, so that it is found by who only lists; whoever reads judges what was opened.
      if (stat !== undefined && entry.isSymbolicLink()) bounds.check(path, realPathOf(file) ?? file, stat);
      const special = stat && specialKind(stat);
      if (special !== undefined) yield problem(path, fileSpecial(path, special));
      else yield { kind: 'file', path, file };
    } catch (error) {
      if (isError(error)) yield problem(path, error);
      else if (!isGone(error)) yield problem(path, fileUnreadable(path, error));
      else if (entry.isSymbolicLink()) yield { kind: 'left out', path, why: 'a link that leads nowhere' };
    }
  }
}

/** Of what a link leads to. Throws when it is gone. */
function statOf(file: string): BigIntStats {
  return statSync(file, { bigint: true });
}
