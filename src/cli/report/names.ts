import { visibleLine } from '#base/visible.ts';

/** So many groups of names are a line a person reads. */
const mostGroups = 12;

/** Names of peels, those that differ by a number said as one: `db-07, web-[01-40,42].example.com`. Sorted. */
export function foldNames(names: readonly string[], most = mostGroups): string {
  const series = seriesOf(names);
  const shown = series.slice(0, most).map(({ text }) => visibleLine(text));
  const left = series.slice(most).reduce((sum, { amount }) => sum + amount, 0);
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${left} more`;
}

interface Series {
  readonly text: string;
  /** Names it stands for. */
  readonly amount: number;
}

/** The number that counts machines is the last one of the first label: `web-01`, `ip-10-0-0-7.internal`. */
const numbered = /^([^.]*?)(\d{1,15})([^\d.]*(?:\..*)?)$/;

function seriesOf(names: readonly string[]): readonly Series[] {
  const alike = new Map<string, { readonly around: readonly [string, string]; readonly numbers: string[] }>();
  const series: Series[] = [];
  for (const name of new Set(names)) {
    const [, before, number, after] = numbered.exec(name) ?? [];
    if (before === undefined || number === undefined || after === undefined) {
      series.push({ text: name, amount: 1 });
      continue;
    }
    const key = `${before}\n${after}`;
    const known = alike.get(key) ?? { around: [before, after], numbers: [] };
    known.numbers.push(number);
    alike.set(key, known);
  }
  for (const { around, numbers } of alike.values()) series.push(folded(around, numbers));
  return series.toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function folded([before, after]: readonly [string, string], numbers: readonly string[]): Series {
  const [first = '', ...others] = numbers;
  if (others.length === 0) return { text: `${before}${first}${after}`, amount: 1 };
  return { text: `${before}[${ranges(numbers).join(',')}]${after}`, amount: numbers.length };
}

/** `01-40`, `42`. A number goes on with the one before when it is written as that counts on: 09, 10; never 9, 010. */
function ranges(numbers: readonly string[]): readonly string[] {
  const sorted = numbers.toSorted((a, b) => Number(a) - Number(b) || a.length - b.length);
  const found: [first: string, last: string][] = [];
  for (const number of sorted) {
    const range = found.at(-1);
    if (range !== undefined && number === next(range[1])) range[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? first : `${first}-${last}`));
}

function next(number: string): string {
  return String(Number(number) + 1).padStart(number.length, '0');
}
