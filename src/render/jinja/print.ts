import { floatText } from '#base/numeral.ts';
import { boundDepth } from './sizes.ts';
import { Dict, DictView, Float, Host, Markup, PySet, Range, Tuple, Undefined, type Value } from './values.ts';

/** Python's `str(value)`. Throws for an undefined value. */
export function str(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) {
    if (value.lenient) return '';
    throw value.error();
  }
  return repr(value);
}

/**
 * What `{{ value }}` writes. As `str`, except that maps and lists print such that YAML reads back what they hold: maps as
 * `{…}` whatever their class, and a text with line breaks between double quotes, where YAML and Python know the same
 * escapes. Salt prints it between single ones, and every line break arrives as two characters.
 */
export function printed(value: Value): string {
  if (typeof value === 'string') return value;
  return value instanceof Dict || Array.isArray(value) || value instanceof Tuple
    ? represent(value, { forYaml: true, asText: true, within: [] })
    : str(value);
}

/** Python's `repr(value)`. */
export function repr(value: Value): string {
  return represent(value, { forYaml: false, asText: false, within: [] });
}

interface Style {
  readonly forYaml: boolean;
  /** Values of a map print as text, which an undefined one refuses; inside a list they do not. */
  readonly asText: boolean;
  /** The containers being printed, so that one inside itself prints as `[...]`. */
  readonly within: readonly Value[];
}

function represent(value: Value, style: Style): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return quoteText(value, style);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Markup) return `Markup(${quoteText(value.text, style)})`;
  if (value instanceof Undefined) return style.asText ? str(value) : 'Undefined';
  if (value instanceof Range) return rangeText(value);
  if (value instanceof DictView) return viewText(value, style);
  if (value instanceof Host) return value.print();
  return representContainer(value, style);
}

function representContainer(value: Value[] | Tuple | PySet | Dict, style: Style): string {
  if (style.within.includes(value)) return value instanceof Dict ? '{...}' : Array.isArray(value) ? '[...]' : '(...)';
  boundDepth(style.within.length);
  const inner = { ...style, asText: style.asText && value instanceof Dict, within: [...style.within, value] };
  if (Array.isArray(value)) return `[${value.map((item) => represent(item, inner)).join(', ')}]`;
  if (value instanceof Tuple) {
    const items = value.items.map((item) => represent(item, inner));
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
  }
  if (value instanceof PySet) {
    return value.size === 0 ? 'set()' : `{${[...value].map((item) => represent(item, inner)).join(', ')}}`;
  }
  return representDict(value, inner);
}

function representDict(dict: Dict, inner: Style): string {
  const pairs = [...dict.entries()].map(({ key, value }) => [represent(key, inner), represent(value, inner)]);
  if (!dict.ordered || inner.forYaml) return `{${pairs.map(([key, value]) => `${key}: ${value}`).join(', ')}}`;
  return pairs.length === 0
    ? 'OrderedDict()'
    : `OrderedDict([${pairs.map(([key, value]) => `(${key}, ${value})`).join(', ')}])`;
}

function viewText(view: DictView, style: Style): string {
  return `${view.typeName}(${represent([...view.iterate()], style)})`;
}

function rangeText({ start, stop, step }: Range): string {
  return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
}

const shortEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const needsEscape = /[\\\n\r\t]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

function quoteText(text: string, { forYaml }: Style): string {
  if (forYaml && text.replaceAll('\\', '').search(needsEscape) >= 0) {
    return `"${text.replace(needsEscape, escapeCharacter).replaceAll('"', '\\"')}"`;
  }
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(needsEscape, escapeCharacter);
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
