import { parseFloating, parseInteger } from '../jinja/numbers.ts';
import { Bytes, Float } from '../jinja/values.ts';
import type { Scalar } from './node.ts';

// YAML 1.1 as PyYAML resolves it, which is stricter than the specification in places (`y` and `1e3` are texts)
// and laxer in others (`22:22` is a number).
const bool = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const nothing = /^(?:~|null|Null|NULL|)$/;
const int =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const timestamp =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/;
const startsSpecial = /^[-+0-9.yYnNtTfFoO~<=]/;

export type ScalarTag = 'null' | 'bool' | 'int' | 'float' | 'timestamp' | 'merge' | 'value' | 'str' | 'binary';

/** The type a plain scalar has by its looks. */
export function resolvePlain(text: string): ScalarTag {
  if (text === '') return 'null';
  if (!startsSpecial.test(text)) return 'str';
  if (bool.test(text)) return 'bool';
  if (int.test(text)) return 'int';
  if (float.test(text)) return 'float';
  if (nothing.test(text)) return 'null';
  if (timestamp.test(text)) return 'timestamp';
  if (text === '<<') return 'merge';
  if (text === '=') return 'value';
  return 'str';
}

/** The value of a scalar of a type; undefined when its text is none of that type's. */
export function constructScalar(tag: ScalarTag, text: string): Scalar | undefined {
  switch (tag) {
    case 'null':
      return null;
    case 'bool':
      return constructBool(text.toLowerCase());
    case 'int':
      return constructInt(text);
    case 'float':
      return constructFloat(text);
    case 'binary':
      return constructBinary(text);
    case 'timestamp':
    case 'str':
      return text;
    default:
      return undefined;
  }
}

function constructBinary(text: string): Bytes | undefined {
  const written = text.replace(/\s/g, '');
  return /^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/.test(written) && !/[_-]/.test(written)
    ? new Bytes(new Uint8Array(Buffer.from(written, 'base64')))
    : undefined;
}

function constructBool(text: string): boolean | undefined {
  if (text === 'yes' || text === 'true' || text === 'on') return true;
  return text === 'no' || text === 'false' || text === 'off' ? false : undefined;
}

function constructInt(text: string): Scalar | undefined {
  const digits = withoutLeadingZeros(text).replaceAll('_', '');
  const negative = digits.startsWith('-');
  const magnitude = digits.replace(/^[-+]/, '');
  const value = magnitudeOf(magnitude);
  if (value === undefined || !negative) return value;
  return typeof value === 'bigint' ? -value : value === 0 ? 0 : -value;
}

// Salt reads `0644` as 644, so that a mode written without quotes is still the mode: only a sign keeps it octal.
function withoutLeadingZeros(text: string): string {
  if (!text.startsWith('0') || /^0[bx]/.test(text)) return text;
  return text.replace(/^0+/, '') || '0';
}

function magnitudeOf(text: string): number | bigint | undefined {
  if (text.startsWith('0b')) return parseInteger(text.slice(2), 2);
  if (text.startsWith('0x')) return parseInteger(text.slice(2), 16);
  if (text.includes(':')) return sexagesimal(text);
  return text.length > 1 && text.startsWith('0') ? parseInteger(text, 8) : parseInteger(text);
}

function sexagesimal(text: string): number {
  return text.split(':').reduce((total, part) => total * 60 + Number(part), 0);
}

function constructFloat(text: string): Float | undefined {
  const lower = text.replaceAll('_', '').toLowerCase();
  const sign = lower.startsWith('-') ? -1 : 1;
  const magnitude = lower.replace(/^[-+]/, '');
  if (magnitude === '.inf') return new Float(sign * Number.POSITIVE_INFINITY);
  if (magnitude === '.nan') return new Float(Number.NaN);
  if (magnitude.includes(':')) return new Float(sign * sexagesimal(magnitude));
  const value = parseFloating(magnitude);
  return value === undefined ? undefined : new Float(sign * value);
}
