import type { Source } from '#render/source.ts';
import type { RawNode } from '#render/yaml/compose.ts';
import type { Span } from '../read/tags.ts';
import type { Change } from '../report.ts';

/** One rewrite, at its place in the source. */
export interface Edit extends Span {
  readonly text: string;
  readonly why: string;
  /** What the change shows, and where, when that is not the characters it replaces. */
  readonly shown?: { readonly at: number; readonly from: string; readonly to: string };
}

export interface Edited {
  readonly text: string;
  readonly changes: readonly Change[];
}

/** The text with every edit made, and nothing else touched. Of edits that overlap the first one counts. */
export function applyEdits(source: Source, edits: readonly Edit[]): Edited {
  const changes: Change[] = [];
  let text = '';
  let done = 0;
  for (const { start, end, text: to, why, shown } of edits.toSorted((a, b) => a.start - b.start)) {
    if (start < done) continue;
    text += source.text.slice(done, start) + to;
    done = end;
    const own = shown ?? { at: start, from: source.text.slice(start, end), to };
    changes.push({ at: source.place(own.at), from: own.from, to: own.to, why });
  }
  return { text: text + source.text.slice(done), changes };
}

/** Where a scalar stands, its quotes included; undefined for one that spans lines or has parts to be rendered. */
export function scalarSpan({ text }: Source, node: RawNode): Span | undefined {
  if (node.kind !== 'scalar') return undefined;
  const start = node.at;
  const quoted = /'(?:[^'\n]|'')*'|"(?:[^"\\\n]|\\.)*"/y;
  quoted.lastIndex = start;
  const written = node.plain ? node.text : (quoted.exec(text)?.[0] ?? '');
  const isThere = written !== '' && text.startsWith(written, start);
  return isThere ? { start, end: start + written.length } : undefined;
}

/**
 * The line of something that goes away, its break included, when nothing but `before` stands before it. A comment behind
 * it stays. Undefined when the line holds anything else.
 */
export function wholeLine({ text }: Source, { start, end }: Span, before: RegExp): Span | undefined {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const lead = before.exec(text.slice(from, start));
  const broken = text.indexOf('\n', end);
  const to = broken < 0 ? text.length : broken + 1;
  const behind = text.slice(end, to);
  if (lead === null) return undefined;
  if (behind.trim() === '') return { start: from, end: to };
  return behind.trim().startsWith('#') ? { start: from + (lead[1]?.length ?? 0), end } : undefined;
}
