import type { RawNode } from '#render/yaml/compose.ts';
import { quoteSingle } from '#render/yaml.ts';
import type { TargetType } from '#target/syntax.ts';
import { type TreeFile, textOf } from '../folder.ts';
import { isKnown, pairsOf, type Scalar } from '../read/declared.ts';
import { readSheet, type Sheet } from '../read/sheet.ts';
import type { Note } from '../report.ts';
import { type Edit, scalarSpan, wholeLine } from './edits.ts';
import { translateTarget } from './target.ts';

export interface TopRewrite {
  readonly edits: readonly Edit[];
  /** Nodegroups that its targets name. */
  readonly groups: readonly string[];
  /** Why it has to stay as Salt writes it; empty when it need not. */
  readonly kept: readonly Note[];
}

/** Every target of a top file in Zester's own words. It is all or nothing: one file is read by one set of rules. */
export function rewriteTop({ source, skeleton }: Sheet): TopRewrite {
  const edits: Edit[] = [];
  const groups = new Set<string>();
  const kept: Note[] = [];
  const keep = (offset: number, reason: string) =>
    kept.push({ at: source.place(offset), text: `It stays a .sls file: ${reason}` });

  if (skeleton === undefined || !skeleton.isWhole || skeleton.roots.length > 1) {
    keep(0, 'what it says is only known when it is rendered');
    return { edits, groups: [], kept };
  }
  for (const gap of skeleton.gaps) keep(gap.start, 'targets may come from this expression');
  for (const [section, rules] of skeleton.roots.flatMap(pairsOf)) {
    if (section.text === 'include') continue;
    if (section.text !== 'base') {
      keep(section.at, `"${section.text}" is an environment here; a .zy file takes an unknown one for a mere label`);
      continue;
    }
    const written = pairsOf(rules);
    const idle = written.filter(([, entries]) => givesNothing(entries));
    if (written.length > 0 && idle.length === written.length) keep(section.at, 'none of its targets is given a state');
    for (const [key, entries] of written) {
      if (givesNothing(entries)) removeRule(key, entries);
      else rewriteRule(key, entries);
    }
  }
  return { edits: kept.length > 0 ? [] : edits, groups: [...groups], kept };

  /** Salt passes over a target with nothing but its kind; without that line a .zy file would hold a target of nothing. */
  function removeRule(key: Scalar, entries: RawNode): void {
    const last = entries.kind === 'list' ? entries.items.flatMap(pairsOf).at(-1)?.[1] : undefined;
    const end = last && scalarSpan(source, last)?.end;
    const span = end === undefined ? undefined : wholeLine(source, { start: key.at, end }, /^([ \t]*)$/);
    if (span === undefined) return void keep(key.at, 'a target without states stands on one line with other things');
    const shown = { at: key.at, from: source.text.slice(key.at, end), to: '' };
    edits.push({ ...span, text: '', shown, why: 'It gives no states' });
  }

  function rewriteRule(key: Scalar, entries: RawNode): void {
    const match = matchOf(entries);
    const span = scalarSpan(source, key);
    if (!isKnown(key) || span === undefined) return void keep(key.at, 'this target is only known when it is rendered');
    const translated = translateTarget(key.text, match?.kind ?? 'compound');
    if ('trouble' in translated) return void keep(key.at, `of "${key.text}", ${translated.trouble}`);
    for (const group of translated.groups) groups.add(group);
    if (translated.text !== key.text) {
      edits.push({ ...span, text: quoteSingle(translated.text), why: whyTarget(match?.kind) });
    }
    if (match === undefined) return;
    const line = match.span && wholeLine(source, match.span, /^([ \t]*)-[ \t]+$/);
    if (line === undefined) return void keep(match.at, 'the kind of target stands on one line with other things');
    const shown = { at: match.at, from: `match: ${match.kind}`, to: '' };
    edits.push({ ...line, text: '', shown, why: 'A target says by its letter what it looks at' });
  }

  function matchOf(entries: RawNode) {
    for (const item of entries.kind === 'list' ? entries.items : []) {
      const [[key, value] = []] = pairsOf(item);
      if (key?.text !== 'match' || value?.kind !== 'scalar') continue;
      const end = scalarSpan(source, value)?.end;
      const span = end === undefined || !isKnown(value) ? undefined : { start: key.at, end };
      return { kind: value.text as TargetType, at: key.at, span };
    }
    return undefined;
  }
}

function givesNothing(entries: RawNode): boolean {
  if (entries.kind !== 'list' || entries.items.length === 0) return false;
  return entries.items.every((item) => pairsOf(item).length === 1 && pairsOf(item)[0]?.[0].text === 'match');
}

function whyTarget(kind: TargetType | undefined): string {
  return kind === undefined || kind === 'compound'
    ? 'The same peels, in the words of a .zy file'
    : `The same peels: "match: ${kind}" has a letter in a .zy file`;
}

/** Nodegroups that top files name. */
export function groupsNamed(files: readonly TreeFile[]): readonly string[] {
  const tops = files.filter(({ path }) => path === 'top.sls').map(({ content }) => textOf(content) ?? '');
  return [...new Set(tops.flatMap((text) => rewriteTop(readSheet('top.sls', text)).groups))];
}
