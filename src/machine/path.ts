import { pathRelative } from './errors.ts';

/** The normal form of an absolute path: no `.`, `..`, doubled or trailing slashes. Throws `FILE_PATH_RELATIVE`. */
export function normal(path: string): string {
  if (!path.startsWith('/')) throw pathRelative(path);
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The directory of a normal path; `/` is its own. */
export function parentPath(place: string): string {
  return place.slice(0, place.lastIndexOf('/')) || '/';
}

/** What Linux takes for a circle of symlinks. */
export const maxLinks = 40;
