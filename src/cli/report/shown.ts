import { MixedMap } from '#base/mixed-map.ts';
import { visible, visibleLine } from '#base/visible.ts';

/** Fields whose text may have several lines, with all that is in them: those who show them indent every line. */
const severalLines: ReadonlySet<string> = new Set([
  'args',
  'changes',
  'comment',
  'details',
  'diff',
  'explanations',
  'facts',
  'message',
  'value',
]);

/**
 * A value as it may be shown to a person: every text in it, and every key, without characters that are not seen. All that
 * commands show passes here, so no field can be forgotten; a new field is one line until it is named above.
 */
export function shownValue<Value>(value: Value, isLong = false): Value {
  return shown(value, isLong) as Value;
}

function shown(value: unknown, isLong: boolean): unknown {
  if (typeof value === 'string') return isLong ? visible(value) : visibleLine(value);
  if (Array.isArray(value)) return value.map((each) => shown(each, isLong));
  if (value instanceof Map) {
    return new MixedMap([...value].map(([key, each]) => [shown(key, false), shown(each, isLong)]));
  }
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [visibleLine(key), shown(each, isLong || severalLines.has(key))]),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour code
const colour = /(\u001b\[\d+m)/;

/** The last door to a terminal: of what a text has, only the colours of a style pass beside lines and tabs. */
export function printable(text: string, colours: boolean): string {
  if (!colours) return visible(text);
  return text
    .split(colour)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('');
}

/** For bytes of others that end on a terminal: as the text that they are, in parts as they come. Files and pipes get them as they are. */
export function visibleBytes(out: (text: string) => void): (bytes: Uint8Array) => Promise<void> {
  const decoder = new TextDecoder();
  return async (bytes) => out(visible(decoder.decode(bytes, { stream: true })));
}
