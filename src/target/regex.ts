import { type Automaton, compileLinear } from './linear.ts';
import { costOf, readRegex } from './regex-syntax.ts';

export interface RegexOptions {
  readonly ignoreCase?: boolean;
}

const maxPattern = 1_000;
const maxText = 4_096;
/** Ways through a pattern that the runtime's own engine may have to try at each place. */
const maxWays = 64;

/**
 * A search whose time is bounded whatever the pattern. With at most one open repetition and few alternatives the runtime's
 * own engine is quick and safe; with more, an automaton takes over. `trouble` says why a pattern cannot be used.
 */
export function readPattern(
  written: string,
  { ignoreCase = false }: RegexOptions = {},
): { readonly test: (text: string) => boolean } | { readonly trouble: string } {
  if (written.length > maxPattern) return { trouble: `a regex may have ${maxPattern} characters at most` };
  const { source, flags } = translate(written, ignoreCase);
  let native: RegExp;
  try {
    native = new RegExp(source, flags);
  } catch (error) {
    return { trouble: (error as Error).message.replace(/^Invalid regular expression: /, 'the regex is not valid: ') };
  }
  const node = readRegex(source);
  const { repeats, nested, ways, special } = costOf(node);
  if (!nested && repeats <= 1 && ways <= maxWays) return { test: (text) => native.test(text.slice(0, maxText)) };
  const linear = special ? undefined : compileLinear(node, flags);
  if (linear) return { test: (text) => linear.test(text.slice(0, maxText)) };
  return { trouble: 'the regex could take for ever: it has many ways to match, and looks around or back as well' };
}

/** The same, or nothing when the pattern cannot be used. */
export function compileRegex(written: string, options?: RegexOptions): ((text: string) => boolean) | undefined {
  const read = readPattern(written, options);
  return 'test' in read ? read.test : undefined;
}

/** A regex that must match from the start, as all of Salt's do: its flags stay in front. */
export function fromStart(pattern: string): string {
  const [flags = ''] = pattern.match(/^\(\?[is]+\)/) ?? [];
  return `${flags}^(?:${pattern.slice(flags.length)})`;
}

/** For scanning many ids at once; nothing when the pattern is beyond an automaton. */
export function compileAutomaton(written: string): Automaton | undefined {
  const { source, flags } = translate(written, false);
  const node = readRegex(source);
  return costOf(node).special ? undefined : compileLinear(node, flags);
}

/** Python's and Go's spellings as JavaScript's. */
function translate(written: string, ignoreCase: boolean): { readonly source: string; readonly flags: string } {
  const inline = written.match(/^\(\?([is]+)\)/);
  const flags = new Set([...(inline?.[1] ?? ''), ...(ignoreCase ? 'i' : '')]);
  const source = written
    .slice(inline?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll(/\\([AZz])/g, (_, letter: string) => (letter === 'A' ? '^' : '$'));
  return { source, flags: [...flags].join('') };
}
