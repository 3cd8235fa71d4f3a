/**
 * Orders package versions as dpkg does, which agrees with rpm on all but rare spellings: an epoch first, then runs of
 * digits as numbers and runs of other characters as text, with `~` before everything, even the end.
 */
export function compareVersions(a: string, b: string, { ignoreEpoch = false } = {}): -1 | 0 | 1 {
  const [left, right] = [split(a), split(b)];
  const epochs = ignoreEpoch ? 0 : Math.sign(left.epoch - right.epoch);
  return (epochs || compareParts(left.upstream, right.upstream) || compareParts(left.revision, right.revision)) as
    | -1
    | 0
    | 1;
}

/**
 * Whether an installed version is what was asked for: an exact version, a glob (`1.24.*`), or comparisons
 * (`>=1.2`, `>=1.2,<2`). Without a wish any version is.
 */
export function satisfies(installed: string | undefined, wish: string | undefined, options = {}): boolean {
  if (installed === undefined || wish === undefined) return installed !== undefined;
  return wish.split(',').every((part) => satisfiesOne(installed, part.trim(), options));
}

/** True when the wish names one version, so that it can be asked of a package manager as it is. */
export function isExact(wish: string | undefined): wish is string {
  return wish !== undefined && !/[<>=!*?[\],]/.test(wish);
}

function satisfiesOne(installed: string, wish: string, options: { ignoreEpoch?: boolean }): boolean {
  const [, operator, version = ''] = /^(>=|<=|==|!=|<>|=|>|<)?\s*(.*)$/.exec(wish) ?? [];
  if (operator === undefined && /[*?[]/.test(version)) return glob(version).test(installed);
  const order = compareVersions(installed, version, options);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '!=':
    case '<>':
      return order !== 0;
    default:
      return order === 0;
  }
}

function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  if (dash < 0) return { epoch: Number(epoch), upstream: rest, revision: '0' };
  return { epoch: Number(epoch), upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

function compareParts(a: string, b: string): number {
  const [left, right]: [string[], string[]] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  // Text and numbers take turns, text first: a version that starts with a digit has an empty text before it.
  if (/^\d/.test(a)) left.unshift('');
  if (/^\d/.test(b)) right.unshift('');
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [mine = '', other = ''] = [left[index], right[index]];
    const order = index % 2 === 0 ? compareText(mine, other) : Math.sign(Number(mine || 0) - Number(other || 0));
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = Math.sign(rank(a[index]) - rank(b[index]));
    if (order !== 0) return order;
  }
  return 0;
}

/** `~`, then the end, then letters, then all else. */
function rank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[a-z]/i.test(character) ? code : code + 256;
}
