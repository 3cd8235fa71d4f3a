import { compileGlob } from '#pattern/glob.ts';

/**
 * Orders package versions as dpkg does, which agrees with rpm on all but rare spellings: an epoch first, then runs of
 * digits as numbers and runs of other characters as text, with `~` before everything, even the end.
 */
export function compareVersions(a: string, b: string, options: CompareOptions = {}): -1 | 0 | 1 {
  const { ignoreEpoch = false, loose = false } = options;
  const [left, right] = [split(a), split(b)];
  const counts = (part: 'epoch' | 'revision') => !loose || (left[part] !== undefined && right[part] !== undefined);
  const epochs = ignoreEpoch || !counts('epoch') ? 0 : compareDigits(left.epoch ?? '0', right.epoch ?? '0');
  const revisions = () => (counts('revision') ? compareParts(left.revision ?? '0', right.revision ?? '0') : 0);
  return (epochs || compareParts(left.upstream, right.upstream) || revisions()) as -1 | 0 | 1;
}

export interface CompareOptions {
  readonly ignoreEpoch?: boolean;
  /** A version without its epoch or revision stands for any of them: `1.24` is `1:1.24-3.el9`, as people ask rpm. */
  readonly loose?: boolean;
}

/**
 * Whether an installed version is what was asked for: an exact version, a glob (`1.24.*`), or comparisons
 * (`>=1.2`, `>=1.2,<2`). Without a wish any version is.
 */
export function satisfies(
  installed: string | undefined,
  wish: string | undefined,
  options: CompareOptions = {},
): boolean {
  if (installed === undefined || wish === undefined) return installed !== undefined;
  return wish.split(',').every((part) => satisfiesOne(installed, part.trim(), options));
}

/** The newest of some versions that a wish allows. */
export function newestOf(
  versions: readonly string[],
  wish: string | undefined,
  options: CompareOptions = {},
): string | undefined {
  return versions
    .filter((each) => satisfies(each, wish, options))
    .toSorted(compareVersions)
    .at(-1);
}

/** True when the wish names one version, so that it can be asked of a package manager as it is. */
export function isExact(wish: string | undefined): wish is string {
  return wish !== undefined && !/[<>=!*?[\],]/.test(wish);
}

function satisfiesOne(installed: string, wish: string, options: CompareOptions): boolean {
  const [, operator, version = ''] = /^(>=|<=|==|!=|<>|=|>|<)?\s*(.*)$/.exec(wish) ?? [];
  if (/[*?[]/.test(version)) {
    if (isEquality(operator)) return matches(installed, version, options);
    if (operator === '!=' || operator === '<>') return !matches(installed, version, options);
  }
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

function isEquality(operator: string | undefined): boolean {
  return operator === undefined || operator === '=' || operator === '==';
}

/** Globs are for the whole version; with leave to, also for one without its epoch. */
function matches(installed: string, pattern: string, { ignoreEpoch = false, loose = false }: CompareOptions): boolean {
  const glob = compileGlob(pattern);
  return glob.test(installed) || ((ignoreEpoch || loose) && glob.test(installed.replace(/^\d+:/, '')));
}

function split(version: string): { epoch: string | undefined; upstream: string; revision: string | undefined } {
  const [, epoch, rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  if (dash < 0) return { epoch, upstream: rest, revision: undefined };
  return { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

/** As numbers of any length: dates with times in versions have more digits than a number holds. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, '')) as [string, string];
  return Math.sign(left.length - right.length) || (left < right ? -1 : left > right ? 1 : 0);
}

function compareParts(a: string, b: string): number {
  const [left, right]: [string[], string[]] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  // Text and numbers take turns, text first: a version that starts with a digit has an empty text before it.
  if (/^\d/.test(a)) left.unshift('');
  if (/^\d/.test(b)) right.unshift('');
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [mine = '', other = ''] = [left[index], right[index]];
    const order = index % 2 === 0 ? compareText(mine, other) : compareDigits(mine, other);
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
