import type { Flag } from '#base/options.ts';
import { durationText } from '#base/time.ts';
import type { Command } from './command.ts';

/** A manual page as data: the terminal, the reference and `man` show the same one. Texts may hold `code` between backticks. */
export interface Page {
  /** `zester job list`, `targets`. */
  readonly name: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** Terms and what they mean. */
  | { readonly kind: 'terms'; readonly terms: readonly (readonly [term: string, meaning: string])[] }
  /** What one types or sees, with a title above each. */
  | { readonly kind: 'lines'; readonly lines: readonly { readonly title?: string; readonly line: string }[] };

export const text = (written: string): Block => ({ kind: 'text', text: written });
export const terms = (...all: readonly (readonly [term: string, meaning: string])[]): Block => ({
  kind: 'terms',
  terms: all,
});
export const lines = (...all: readonly (string | readonly [title: string, line: string])[]): Block => ({
  kind: 'lines',
  lines: all.map((each) => (typeof each === 'string' ? { line: each } : { title: each[0], line: each[1] })),
});

/** The manual of a command. */
export function commandPage({ name, aliases, summary, notes, positionals, flags, examples }: Command): Page {
  const words = positionals.map(({ name: word, required, many }) => {
    const shown = many ? `${word}…` : word;
    return required ? `<${shown}>` : `[${shown}]`;
  });
  const usage = ['zester', name, ...words, '[flags]'].join(' ');
  const sections: Section[] = [
    { heading: 'Usage', blocks: [lines(usage, ...aliases.map((alias) => `zester ${alias} …`))] },
    { heading: 'Words', blocks: [terms(...positionals.map((each) => [each.name, each.summary] as const))] },
    { heading: 'Flags', blocks: [flagTerms(flags)] },
    { heading: 'Notes', blocks: notes.map(text) },
    { heading: 'Examples', blocks: [lines(...examples.map(({ title, line }) => [title, `zester ${line}`] as const))] },
  ];
  return { name: `zester ${name}`, summary, sections: sections.filter(({ blocks }) => blocks.some(isFull)) };
}

export function flagTerms(flags: readonly Flag[]): Block {
  return terms(
    ...flags.map((flag) => {
      const fallback = defaultText(flag);
      return [flagText(flag), `${flag.summary}${fallback === undefined ? '' : ` (${fallback})`}`] as const;
    }),
  );
}

function isFull(block: Block): boolean {
  return block.kind === 'text' || (block.kind === 'terms' ? block.terms.length > 0 : block.lines.length > 0);
}

const placeholders: Readonly<Partial<Record<Flag['type'], string>>> = {
  duration: ' <30s>',
  int: ' <n>',
  size: ' <64MB>',
  list: ' <a,b>',
  map: ' <key=value>',
  string: ' <text>',
};

/** `-q, --quiet`, `--format <text|json|yaml>`. */
export function flagText({ name, short, type, choices }: Flag): string {
  const value = choices ? ` <${choices.join('|')}>` : (placeholders[type] ?? '');
  return `${short ? `-${short}, ` : ''}--${name}${value}`;
}

/** A default as a person would write it; nothing where there is nothing to say. */
export function defaultText({ type, default: value }: Pick<Flag, 'type' | 'default'>): string | undefined {
  if (value === undefined || value === false || value === '') return undefined;
  if (type === 'duration' && typeof value === 'number') return durationText(value);
  if (type === 'size' && typeof value === 'number') return sizeText(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, each]) => `${key}=${String(each)}`);
  return pairs.length === 0 ? undefined : pairs.join(',');
}

/** The largest unit that keeps every digit: `2GB`, `64KB`, `1500B`. */
function sizeText(bytes: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KB', 1e3],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ];
  const [unit, factor] = units.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['B', 1];
  return `${bytes / factor}${unit}`;
}
