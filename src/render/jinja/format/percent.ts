import { typeError, valueError } from '../errors.ts';
import { asInt, type Int, isNumeric, toNumber } from '../numbers.ts';
import { repr, str } from '../print.ts';
import { escaped } from '../text.ts';
import { Dict, isText, like, Markup, Tuple, typeName, type Value } from '../values.ts';
import { formatFloat, groupSign, pad } from './number.ts';

const directive = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([hlL]?)([a-zA-Z%])/g;
const largestWidth = 1_000_000;

/** Python's `text % values`. Throws TEMPLATE_TYPE or TEMPLATE_VALUE as Python throws. */
export function formatPercent(self: string | Markup, values: Value): Value {
  const positional = values instanceof Tuple ? [...values.items] : [values];
  let used = 0;
  const next = (): Value => {
    const value = positional[used++];
    if (value === undefined) throw typeError('not enough arguments for format string');
    return value;
  };
  const source = str(self);
  let last = 0;
  const text = source.replace(directive, (whole, name: string | undefined, ...rest) => {
    const [flags, width, precision, , kind, at] = rest as [string, string?, string?, string?, string?, number?];
    checkGap(source.slice(last, at ?? 0));
    last = (at ?? 0) + whole.length;
    if (kind === '%') return '%';
    const columns = width === '*' ? Number(next()) : Number(width ?? 0);
    const digits =
      precision === '*'
        ? Number(next())
        : whole.includes('.') && !name?.includes('.')
          ? Number(precision ?? 0)
          : undefined;
    if (columns > largestWidth || (digits ?? 0) > largestWidth) throw valueError('the width is too large');
    const value = name === undefined ? next() : namedValue(values, name);
    return convert(value, {
      flags,
      width: columns,
      precision: digits,
      kind: kind ?? 's',
      markup: self instanceof Markup,
    });
  });
  checkGap(source.slice(last));
  if (used < positional.length && values instanceof Tuple) {
    throw typeError('not all arguments converted during string formatting');
  }
  if (used === 0 && !(values instanceof Tuple) && !(values instanceof Dict) && !Array.isArray(values)) {
    throw typeError('not all arguments converted during string formatting');
  }
  return like(self, text);
}

// Between directives there is plain text: a percent sign there began a directive nobody can read.
function checkGap(text: string): void {
  if (!text.includes('%')) return;
  throw text.endsWith('%') ? valueError('incomplete format') : valueError('unsupported format character');
}

function namedValue(values: Value, name: string): Value {
  if (!(values instanceof Dict)) throw typeError('format requires a mapping');
  const value = values.get(name);
  if (value === undefined) throw valueError(`KeyError: ${repr(name)}`);
  return value;
}

interface Directive {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly kind: string;
  readonly markup: boolean;
}

function convert(value: Value, { flags, width, precision, kind, markup }: Directive): string {
  const left = flags.includes('-') || width < 0;
  const align = left ? '<' : '>';
  const columns = Math.abs(width);
  if (kind === 's' || kind === 'r' || kind === 'a') {
    const text = kind === 's' ? (markup && isText(value) ? escaped(value) : str(value)) : repr(value);
    return pad(precision === undefined ? text : [...text].slice(0, precision).join(''), columns, ' ', align);
  }
  if (kind === 'c') return pad(characterOf(value), columns, ' ', align);
  if (!isNumeric(value)) {
    const wanted = 'diouxX'.includes(kind) ? 'a real number is required' : 'must be real number';
    throw typeError(`%${kind} format: ${wanted}, not ${typeName(value)}`);
  }
  const { sign, digits } = number(value, { flags, precision, kind });
  const filled = flags.includes('0') && !left ? pad(digits, columns - sign.length, '0', '>') : digits;
  return pad(sign + filled, columns, ' ', align);
}

function number(
  value: Exclude<Value, null>,
  { flags, precision, kind }: Pick<Directive, 'flags' | 'precision' | 'kind'>,
): { sign: string; digits: string } {
  if (!isNumeric(value)) throw typeError('a number is required');
  const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if ('eEfFgG'.includes(kind)) {
    const amount = toNumber(value);
    const text = formatFloat(Math.abs(amount), { kind, precision: precision ?? 6, alternate: flags.includes('#') });
    return { sign: groupSign(amount < 0 || Object.is(amount, -0), plus), digits: text };
  }
  const int: Int =
    typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint'
      ? asInt(value)
      : BigInt(Math.trunc(toNumber(value)));
  const base: Readonly<Record<string, [number, string]>> = { x: [16, '0x'], X: [16, '0X'], o: [8, '0o'] };
  const [radix, prefix] = base[kind] ?? [10, ''];
  if (!'diuxXo'.includes(kind)) throw valueError(`unsupported format character '${kind}'`);
  const absolute = BigInt(int) < 0n ? -BigInt(int) : BigInt(int);
  const lower = absolute.toString(radix).padStart(precision ?? 0, '0');
  const digits = (flags.includes('#') ? prefix : '') + (kind === 'X' ? lower.toUpperCase() : lower);
  return { sign: groupSign(BigInt(int) < 0n, plus), digits };
}

function characterOf(value: Value): string {
  if (typeof value === 'number') return String.fromCodePoint(value);
  if (isText(value) && [...str(value)].length === 1) return str(value);
  throw typeError('%c requires int or char');
}
