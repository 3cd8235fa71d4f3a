import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { masked } from '#base/secret.ts';
import { jsonText } from '#base/visible.ts';
import type { Change, Changes } from './changes.ts';
import { scalarText } from './coerce.ts';
import { bytesOf, type Content, isContentNote, sha256 } from './content.ts';
import { unifiedDiff } from './diff.ts';

/** Changes as people may see them: secrets masked, texts as a diff, and as a note in `changes`. */
export interface Shown {
  readonly changes: Changes;
  readonly diff: string;
}

export interface ShowOptions {
  /** What the diff of a text is headed with: the file's path. */
  readonly name: string;
  /** Fields never shown. */
  readonly hidden?: readonly string[];
  /** Values never shown, wherever they occur. */
  readonly secrets?: readonly string[];
}

export function show(changes: Changes, { name, hidden = [], secrets = [] }: ShowOptions): Shown {
  const shown: Record<string, Change> = {};
  const fields: string[] = [];
  const diffs: string[] = [];
  for (const [field, change] of Object.entries(changes)) {
    const safe = hidden.includes(field) ? hiddenChange(change) : mask(change, secrets);
    if (isText(safe)) {
      shown[field] = { from: note(safe.from), to: note(safe.to) };
      diffs.push(textDiff(safe, field.startsWith('/') ? field : name));
    } else {
      shown[field] = safe;
      fields.push(`${field}: ${valueText(safe.from)} → ${valueText(safe.to)}`);
    }
  }
  return { changes: shown, diff: [...fields, ...diffs].join('\n') };
}

/** Plain data with every secret in it written as `[secret]`. */
export function mask<T>(value: T, secrets: readonly string[]): T {
  // Longest first: one secret may hold another. Very short ones would mask half of every report.
  const known = secrets.filter((secret) => secret.length > 3).toSorted((a, b) => b.length - a.length);
  return known.length === 0 ? value : (masking(value, known) as T);
}

function masking(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, masked), value);
  if (Array.isArray(value)) return value.map((each) => masking(each, secrets));
  if (value instanceof Map) {
    return new MixedMap([...value].map(([key, each]) => [masking(key, secrets), masking(each, secrets)]));
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Numeral) return secrets.includes(value.text) ? masked : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [masking(key, secrets), masking(each, secrets)]),
  );
}

function hiddenChange({ from, to }: Change): Change {
  return { from: from === undefined ? undefined : masked, to: to === undefined ? undefined : masked };
}

type TextChange = Change<Content>;

/** Content of a file, rather than a short value: several lines, or a note. */
function isText(change: Change): change is TextChange {
  const each = [change.from, change.to].filter((side) => side !== undefined);
  return each.length > 0 && each.every(isContent) && each.some((side) => isContentNote(side) || side.includes('\n'));
}

function isContent(value: unknown): value is Content {
  return typeof value === 'string' || isContentNote(value);
}

function note(content: Content | undefined): Content | undefined {
  if (typeof content !== 'string') return content;
  return { sha256: sha256(content), bytes: bytesOf(content).length };
}

function textDiff({ from = '', to = '' }: TextChange, name: string): string {
  if (typeof from === 'string' && typeof to === 'string') return unifiedDiff(from, to, { name });
  return `${name}: ${contentText(from)} → ${contentText(to)}`;
}

function contentText(content: Content): string {
  if (content === '') return 'nothing';
  const { sha256: hash, bytes } = typeof content === 'string' ? (note(content) as Exclude<Content, string>) : content;
  return `${bytes} bytes (sha256 ${hash.slice(0, 12)})`;
}

export function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (isContentNote(value)) return contentText(value);
  return scalarText(value, 'yaml') ?? jsonText(value);
}
