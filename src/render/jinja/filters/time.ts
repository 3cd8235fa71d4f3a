import { typeError, valueError } from '../errors.ts';
import { strftime } from '../format/strftime.ts';
import { isNumeric, parseFloating, toNumber } from '../numbers.ts';
import { str } from '../print.ts';
import { textArgument } from '../text.ts';
import { isText, typeName, Undefined, type Value } from '../values.ts';
import { filterTable } from './table.ts';

export const timeFilters = filterTable({
  strftime: [
    "date=None, format='%Y-%m-%d'",
    (date = null, format = '%Y-%m-%d') => strftime(dateOf(date), textArgument(format)),
  ],
  date_format: [
    "date=None, format='%Y-%m-%d'",
    (date = null, format = '%Y-%m-%d') => strftime(dateOf(date), textArgument(format)),
  ],
});

/** A time from seconds since the epoch, an ISO text, or now for None. */
function dateOf(value: Value): Date {
  if (value === null) return new Date();
  if (isNumeric(value)) return timestamp(toNumber(value));
  if (value instanceof Undefined) throw value.error();
  if (!isText(value)) throw typeError(`cannot read a date from a ${typeName(value)}`);
  const text = str(value).trim();
  const seconds = parseFloating(text);
  if (seconds !== undefined) return timestamp(seconds);
  const iso =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?/.exec(text) ??
    /^(\d{4})\/(\d\d?)\/(\d\d?)$/.exec(text);
  if (iso !== null && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text.slice(10))) {
    const [, year, month, day, hour = '0', minute = '0', second = '0'] = iso;
    return new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  }
  return valid(new Date(text), text);
}

function timestamp(seconds: number): Date {
  return valid(new Date(seconds * 1_000), String(seconds));
}

/** Years that Python knows, 1 to 9999. */
function valid(date: Date, text: string): Date {
  if (date.getFullYear() >= 1 && date.getFullYear() <= 9_999) return date;
  throw valueError(`cannot read "${text}" as a date`, 'Write it as "2024-12-31 23:59:59", or as seconds since 1970');
}
