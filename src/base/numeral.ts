/**
 * A number that JavaScript's own would change: a whole number beyond 2^53, or a float without a fraction (`1.0`, which is
 * not `1`). Plain data carries it wherever people may write numbers; as text and as JSON it is what was written.
 */
export class Numeral {
  /** As Python writes it: `12345678901234567890`, `1.0`, `1e+16`, `inf`. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** The numeral of a text that `toString` gave; undefined for any other. */
  static parse(text: string): Numeral | undefined {
    return written.test(text) ? new Numeral(text) : undefined;
  }

  /** A whole number: a JavaScript number while that is exact. */
  static whole(value: bigint): number | Numeral {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : new Numeral(String(value));
  }

  /** A float: a JavaScript number when its fraction tells it from a whole one. */
  static float(value: number): number | Numeral {
    return Number.isFinite(value) && !Number.isInteger(value) ? value : new Numeral(floatText(value));
  }

  /** The number that a text of JSON or of a command line writes, whatever its size. */
  static read(text: string): number | Numeral {
    return /^[+-]?\d+$/.test(text) ? Numeral.whole(BigInt(text.replace('+', ''))) : Numeral.float(Number(text));
  }

  get isFloat(): boolean {
    return !/^-?\d+$/.test(this.text);
  }

  /** The nearest JavaScript number. */
  valueOf(): number {
    const special = specials.get(this.text);
    return special === undefined ? Number(this.text) : special;
  }

  toString(): string {
    return this.text;
  }

  /** JSON has no words for what is no finite number. */
  toJSON(): unknown {
    return specials.has(this.text) ? this.text : rawJson(this.text);
  }
}

const written = /^(?:-?\d+|-?\d+\.\d+|-?\d(?:\.\d+)?e[+-]\d+|-?inf|nan)$/;

const specials: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
]);

/** What `JSON.stringify` copies as it is. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/** A float as Python prints it: `1.0`, `1e+20`, `1e-07`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '0', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  if (exponent < 0) return value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - exponent));
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** A number as Python prints it, whichever kind of number it is. */
export function numberText(value: number | bigint | Numeral): string {
  return typeof value === 'number' && !Number.isInteger(value) ? floatText(value) : String(value);
}
