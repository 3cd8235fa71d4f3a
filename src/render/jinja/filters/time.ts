import { typeError, valueError } from '../errors.ts';
import { strftime } from '../format/strftime.ts';
import { isNumeric, toNumber } from '../numbers.ts';
import { str } from '../print.ts';
import { isText, typeName, type Value } from '../values.ts';
import { filterTable } from './table.ts';

export const timeFilters = filterTable({
  strftime: ["date=None, format='%Y-%m-%d'", (date = null, format = '%Y-%m-%d') => strftime(dateOf(date), str(format))],
  date_format: [
    "date=None, format='%Y-%m-%d'",
    (date = null, format = '%Y-%m-%d') => strftime(dateOf(date), str(format)),
  ],
});

/** A time from seconds since the epoch, an ISO text, or now for None. */
function dateOf(value: Value): Date {
  if (value === null) return new Date();
  if (isNumeric(value)) return new Date(toNumber(value) * 1_000);
  if (!isText(value)) throw typeError(`cannot read a date from a ${typeName(value)}`);
  const text = str(value).trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return new Date(Number(text) * 1_000);
  const iso =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?/.exec(text) ??
    /^(\d{4})\/(\d\d?)\/(\d\d?)$/.exec(text);
  if (iso !== null && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text.slice(10))) {
    const [, year, month, day, hour = '0', minute = '0', second = '0'] = iso;
    return new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  }
  const parsed = new Date(text);
  if (Number.isNaN(parsed.getTime())) {
    throw valueError(`cannot read "${text}" as a date`, 'Write it as "2024-12-31 23:59:59", or as seconds since 1970');
  }
  return parsed;
}
