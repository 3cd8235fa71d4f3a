const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const directive = /%([-_0^#]*)(\d*)[EO]?([a-zA-Z%+])/g;
const widest = 1_000;

/**
 * Python's `strftime` on Linux, in the C locale and in local time: with the flags `-`, `_`, `0`, `^`, `#` and the widths
 * of the C library. An unknown directive stays as it is.
 */
export function strftime(date: Date, format: string): string {
  return format.replace(directive, (whole, flags: string, width: string, letter: string) => {
    const least = Math.min(widest, Number(width));
    const number = numberOf(date, letter);
    if (number !== undefined) return padded(number, { flags, width: least });
    const text = textOf(date, letter, flags.includes('#'));
    if (text === undefined) return whole;
    return (flags.includes('^') ? text.toUpperCase() : text).padStart(least, flags.includes('0') ? '0' : ' ');
  });
}

interface Numeral {
  readonly value: number;
  readonly width?: number;
  readonly fill?: ' ' | '0';
}

function padded(
  { value, width: own = 2, fill: usual = '0' }: Numeral,
  { flags, width }: { flags: string; width: number },
): string {
  const flag = flags.replace(/[\^#]/g, '').at(-1);
  if (flag === '-') return String(value);
  const fill = flag === '_' ? ' ' : flag === '0' ? '0' : usual;
  return String(value).padStart(Math.max(own, width), fill);
}

function numberOf(date: Date, letter: string): Numeral | undefined {
  switch (letter) {
    case 'Y':
      return { value: date.getFullYear(), width: 1 };
    case 'y':
      return { value: date.getFullYear() % 100 };
    case 'C':
      return { value: Math.floor(date.getFullYear() / 100) };
    case 'm':
      return { value: date.getMonth() + 1 };
    case 'd':
      return { value: date.getDate() };
    case 'e':
      return { value: date.getDate(), fill: ' ' };
    case 'H':
      return { value: date.getHours() };
    case 'k':
      return { value: date.getHours(), fill: ' ' };
    case 'I':
      return { value: date.getHours() % 12 || 12 };
    case 'l':
      return { value: date.getHours() % 12 || 12, fill: ' ' };
    case 'M':
      return { value: date.getMinutes() };
    case 'S':
      return { value: date.getSeconds() };
    case 'f':
      return { value: date.getMilliseconds() * 1_000, width: 6 };
    case 's':
      return { value: Math.floor(date.getTime() / 1_000), width: 1 };
    default:
      return dayNumberOf(date, letter);
  }
}

function dayNumberOf(date: Date, letter: string): Numeral | undefined {
  const [weekday, day] = [date.getDay(), dayOfYear(date)];
  switch (letter) {
    case 'j':
      return { value: day, width: 3 };
    case 'w':
      return { value: weekday, width: 1 };
    case 'u':
      return { value: weekday || 7, width: 1 };
    case 'U':
      return { value: Math.floor((day + 6 - weekday) / 7) };
    case 'W':
      return { value: Math.floor((day + 6 - ((weekday + 6) % 7)) / 7) };
    case 'V':
      return { value: isoWeek(date).week };
    case 'G':
      return { value: isoWeek(date).year, width: 1 };
    case 'g':
      return { value: isoWeek(date).year % 100 };
    default:
      return undefined;
  }
}

const composed: Readonly<Record<string, string>> = {
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  x: '%m/%d/%y',
  c: '%a %b %e %H:%M:%S %Y',
  n: '\n',
  t: '\t',
  '%': '%',
  // A naive time has no zone in Python.
  z: '',
  Z: '',
};

function textOf(date: Date, letter: string, otherCase: boolean): string | undefined {
  const [day = '', month = ''] = [days[date.getDay()], months[date.getMonth()]];
  const names: Readonly<Record<string, string>> = {
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    h: month.slice(0, 3),
  };
  const name = names[letter];
  if (name !== undefined) return otherCase ? name.toUpperCase() : name;
  const half = date.getHours() < 12 ? 'AM' : 'PM';
  if (letter === 'P' || (letter === 'p' && otherCase)) return half.toLowerCase();
  if (letter === 'p') return half;
  const format = Object.hasOwn(composed, letter) ? composed[letter] : undefined;
  return format === undefined || format === '%' ? format : strftime(date, format);
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000) + 1;
}

/** A week belongs to the year that has its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
  return { year: thursday.getFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}
