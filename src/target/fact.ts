import { Numeral } from '#base/numeral.ts';
import { compileGlob } from '#pattern/glob.ts';
import { comparable } from './comparable.ts';
import { compileRegex, fromStart } from './regex.ts';
import type { Comparison, FactTarget } from './syntax.ts';

export type Tree = Readonly<Record<string, unknown>>;

/**
 * What is left of a test after some keys of its path were followed. `partial` when the last step was a dot: the
 * path must go on, so the value cannot be tested yet.
 */
export interface Rest {
  readonly text: string;
  readonly partial: boolean;
}

/**
 * A test of facts, made once for a target. It is a search over "where may the path end", which distributes over keys:
 * the whole matches when following any one key does. The index relies on that to look at single columns.
 */
export interface FactTest {
  readonly start: Rest;
  matchesTree(tree: Tree, rest: Rest, top: boolean): boolean;
  matchesValue(value: unknown, rest: Rest): boolean;
  /** The same for texts that are in lower case already: made once, for a whole fleet of them. */
  lowerTest(rest: Rest): (text: string) => boolean;
  /** What is left after following a key; several when a wildcard allows for more than one reading. */
  after(rest: Rest, key: string): readonly Rest[];
  /** True when a map having this key is enough already. */
  endsAt(rest: Rest, key: string, top: boolean): boolean;
}

export function compileFactTest(target: FactTarget): FactTest {
  const { delimiter, text } = target;
  const wildcard = `*${delimiter}`;
  const acceptsLower = scalarTest(target);
  const accepts = (value: Scalar, wanted: string) =>
    acceptsLower(typeof value === 'string' ? value.toLowerCase() : value, wanted);
  const start: Rest = { text, partial: false };

  /** `*:x` is `x` here, or below any one key. */
  const readings = (rest: Rest): readonly Rest[] =>
    rest.text.startsWith(wildcard) ? [rest, { text: rest.text.slice(2), partial: false }] : [rest];

  const after = (rest: Rest, key: string): readonly Rest[] => {
    const found: Rest[] = [];
    for (const reading of readings(rest)) {
      if (reading !== rest) found.push(reading);
      if (!reading.text.startsWith(key) || key.includes(delimiter)) continue;
      const next = reading.text[key.length];
      if (next === delimiter) found.push({ text: reading.text.slice(key.length + 1), partial: false });
      else if (next === '.') found.push({ text: reading.text.slice(key.length + 1), partial: true });
    }
    return found;
  };

  const endsAt = (rest: Rest, key: string, top: boolean): boolean => {
    if (rest.partial || isComparison(target.how)) return false;
    return readings(rest).some((each) => (!top || each !== rest) && (each.text === '*' || each.text === key));
  };

  const matchesTree = (tree: Tree, rest: Rest, top: boolean): boolean => {
    for (const key of Object.keys(tree)) {
      // Most keys are not on the path: one look at the text rules them out.
      if (!rest.text.startsWith(key) && !rest.text.startsWith('*')) continue;
      if (endsAt(rest, key, top)) return true;
      for (const next of after(rest, key)) if (matchesValue(tree[key], next)) return true;
    }
    return false;
  };

  const matchesValue = (value: unknown, rest: Rest): boolean => {
    if (value === undefined) return false;
    if (value === null) return isNone(rest);
    if (Array.isArray(value)) return matchesList(value, rest);
    if (value instanceof Numeral || value instanceof Map) return matchesValue(comparable(value), rest);
    if (typeof value === 'object') return matchesTree(value as Tree, rest, false);
    return !rest.partial && accepts(value as Scalar, rest.text);
  };

  /** A setting that is there without a value is `None`, as in Salt; a fact without one is not known. */
  const isNone = (rest: Rest): boolean =>
    target.of === 'settings' && !isComparison(target.how) && !rest.partial && accepts('None', rest.text);

  /** Any member, or the one at an index; of nested lists the members' members. */
  const matchesList = (list: readonly unknown[], rest: Rest): boolean => {
    // A list is unequal to a value when none of its members is that value.
    if (target.how === '!=' && rest.text.length === text.length - (target.valueAt ?? 0)) {
      return !rest.partial && list.every((member) => matchesValue(member, rest));
    }
    if (list.some((member) => matchesValue(member, rest))) return true;
    const index = rest.text.match(/^\d+/)?.[0];
    if (index === undefined) return false;
    return after(rest, index).some((next) => matchesValue(list[Number(index)], next));
  };

  const lowerTest = (rest: Rest): ((text: string) => boolean) => {
    if (rest.partial) return () => false;
    if (isComparison(target.how)) return (text) => acceptsLower(text, rest.text);
    return textTest(target.how, rest.text);
  };

  return { start, matchesTree, matchesValue, lowerTest, after, endsAt };
}

type Scalar = string | number | boolean | bigint;

/** How a value in lower case is compared, made once for each remainder of the text that reaches one. */
function scalarTest({ how, text, valueAt }: FactTarget): (value: Scalar, wanted: string) => boolean {
  if (isComparison(how)) {
    const length = text.length - (valueAt ?? 0);
    return (value, wanted) => wanted.length === length && compares(how, value, wanted);
  }
  const made = new Map<string, (value: string) => boolean>();
  let [last, lastTest]: [string | undefined, (value: string) => boolean] = [undefined, () => false];
  return (value, wanted) => {
    if (wanted !== last) {
      lastTest = made.get(wanted) ?? textTest(how, wanted);
      made.set(wanted, lastTest);
      last = wanted;
    }
    return lastTest(String(value));
  };
}

function textTest(how: 'glob' | 'regex' | 'match' | 'exact', wanted: string): (value: string) => boolean {
  if (how === 'regex') return compileRegex(wanted, { ignoreCase: true }) ?? (() => false);
  // Salt lower-cases the pattern with the value, so that `\D` means `\d`: formulas were tested with that.
  if (how === 'match') return compileRegex(fromStart(wanted.toLowerCase()), { ignoreCase: true }) ?? (() => false);
  const lower = wanted.toLowerCase();
  const glob = how === 'glob' ? compileGlob(lower) : undefined;
  return glob ? glob.test : (value) => value === lower;
}

export function isComparison(how: FactTarget['how']): how is Comparison {
  return how !== 'glob' && how !== 'regex' && how !== 'match' && how !== 'exact';
}

function compares(how: Comparison, value: Scalar, wanted: string): boolean {
  if (how === '!=') return String(value) !== wanted.toLowerCase();
  const order = compareValues(value, wanted);
  if (how === '>=') return order >= 0;
  if (how === '<=') return order <= 0;
  return how === '>' ? order > 0 : order < 0;
}

const number = /^-?\d+(\.\d+)?$/;

/**
 * As numbers when both are; otherwise piece by piece, digits by their value, so that release `12.10` is above `12.9`
 * and kernel `5.10` above `5.4`. A text with one dot counts as a release, not as a fraction.
 */
function compareValues(value: Scalar, wanted: string): number {
  const text = String(value).trim();
  const isRelease = typeof value === 'string' && text.includes('.') && !text.startsWith('-');
  if (number.test(text) && number.test(wanted) && !isRelease) return Number(text) - Number(wanted);
  const [left, right] = [pieces(text), pieces(wanted.toLowerCase())];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [a, b] = [left[at], right[at]];
    if (a === b) continue;
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    const bothNumbers = /^\d/.test(a) && /^\d/.test(b);
    const order = bothNumbers ? Number(a) - Number(b) : a < b ? -1 : 1;
    if (order !== 0) return order;
  }
  return 0;
}

function pieces(text: string): string[] {
  return text.match(/\d+|[^\d]+/g) ?? [];
}
