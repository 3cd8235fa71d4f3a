import { isError } from '#base/errors.ts';
import type { Source } from '#render/source.ts';
import { identityMap } from '#render/source-map.ts';
import { compose, type RawNode } from '#render/yaml/compose.ts';
import { bodiesOf, type Parts, type Span, type Tag } from './tags.ts';

/** Stands for each character that only rendering can tell. */
export const unknown = '\ue000';

/** The data of a template as it is written, with every branch of it, none chosen: offsets are those of the source. */
export interface Skeleton {
  /** The document, then the bodies of the macros. One that is no YAML without being rendered is left out. */
  readonly roots: readonly RawNode[];
  /** Whether all of the text could be read this way. */
  readonly isWhole: boolean;
  /** Outputs that stand alone, where whole lines come from. */
  readonly gaps: readonly Span[];
}

/** Reads the text around the tags as YAML. What `load_yaml` and `set` blocks hold is data of the template, not of the file. */
export function skeletonOf(source: Source, parts: Parts): Skeleton {
  const { text } = source;
  const { tags } = parts;
  const data = bodiesOf(tags, ['set', 'load_yaml', 'load_json', 'load_text']);
  const macros = bodiesOf(tags, ['macro', 'call']);
  const visible = blanked(text, parts, data);
  const pieces = [without(visible.text, macros), ...macros.map((span) => within(visible.text, span))];
  const composed = pieces.map((piece) => read(emptied(piece, text), source));
  return {
    roots: composed.flatMap((each) => (each === undefined || each === 'unreadable' ? [] : [each])),
    isWhole: !composed.includes('unreadable'),
    gaps: visible.gaps.filter((gap) => !macros.some((macro) => contains(macro, gap))),
  };
}

function read(text: string, source: Source): RawNode | undefined | 'unreadable' {
  try {
    return compose(text, identityMap(source));
  } catch (error) {
    if (isError(error)) return 'unreadable';
    throw error;
  }
}

/** Tags and comments as white space; an output amid other text as a word of unknown characters. */
function blanked(
  text: string,
  { tags, texts }: Parts,
  hidden: readonly Span[],
): { readonly text: string; readonly gaps: readonly Span[] } {
  const characters: string[] = text.replaceAll(/[^\n]/g, ' ').split('');
  const isShown = (span: Span) => !hidden.some((each) => contains(each, span));
  for (const { start, end } of texts.filter(isShown)) {
    for (let at = start; at < end; at++) characters[at] = text.charAt(at);
  }
  const around = characters.join('');
  const outputs = tags.filter((tag) => tag.kind === 'output' && isShown(tag));
  const isGap = (tag: Tag) => lineAround(around, tag).trim() === '';
  for (const { start, end } of outputs.filter((tag) => !isGap(tag))) characters.fill(unknown, start, end);
  return { text: characters.join(''), gaps: outputs.filter(isGap) };
}

function lineAround(text: string, { start, end }: Span): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end);
  return text.slice(from, to < 0 ? text.length : to);
}

function without(text: string, spans: readonly Span[]): string {
  return spans.reduce(
    (left, { start, end }) => left.slice(0, start) + spaces(left, start, end) + left.slice(end),
    text,
  );
}

function within(text: string, { start, end }: Span): string {
  return spaces(text, 0, start) + text.slice(start, end) + spaces(text, end, text.length);
}

function spaces(text: string, start: number, end: number): string {
  return text.slice(start, end).replaceAll(/[^\n]/g, ' ');
}

/**
 * Lines that have become white space as line breaks: where a tag stood further to the right than the text around it,
 * its blanks would count as indentation.
 */
function emptied(text: string, written: string): string {
  return text.replaceAll(/^[ \t]+$/gm, (line, at: number) =>
    written.slice(at, at + line.length) === line ? line : '\n'.repeat(line.length),
  );
}

function contains(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
