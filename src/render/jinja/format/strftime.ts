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

/** Python's `strftime` in the C locale, in local time. An unknown directive stays as it is. */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)([a-zA-Z%])/g, (whole, dash: string, letter: string) => {
    const text = directive(date, letter);
    if (text === undefined) return whole;
    return dash === '-' ? text.replace(/^0+(?=.)/, '') : text;
  });
}

function directive(date: Date, letter: string): string | undefined {
  switch (letter) {
    case 'Y':
      return String(date.getFullYear());
    case 'y':
      return two(date.getFullYear() % 100);
    case 'C':
      return two(Math.floor(date.getFullYear() / 100));
    case 'm':
      return two(date.getMonth() + 1);
    case 'd':
      return two(date.getDate());
    case 'e':
      return String(date.getDate()).padStart(2);
    case 'H':
      return two(date.getHours());
    case 'I':
      return two(date.getHours() % 12 || 12);
    case 'M':
      return two(date.getMinutes());
    case 'S':
      return two(date.getSeconds());
    case 'f':
      return String(date.getMilliseconds() * 1_000).padStart(6, '0');
    case 'p':
      return date.getHours() < 12 ? 'AM' : 'PM';
    case 's':
      return String(Math.floor(date.getTime() / 1_000));
    case '%':
      return '%';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    default:
      return named(date, letter) ?? composed(date, letter);
  }
}

function named(date: Date, letter: string): string | undefined {
  const [day = '', month = ''] = [days[date.getDay()], months[date.getMonth()]];
  switch (letter) {
    case 'A':
      return day;
    case 'a':
      return day.slice(0, 3);
    case 'B':
      return month;
    case 'b':
    case 'h':
      return month.slice(0, 3);
    case 'j':
      return String(dayOfYear(date)).padStart(3, '0');
    case 'w':
      return String(date.getDay());
    case 'u':
      return String(date.getDay() || 7);
    case 'U':
      return two(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7));
    case 'W':
      return two(Math.floor((dayOfYear(date) + 6 - ((date.getDay() + 6) % 7)) / 7));
    default:
      return undefined;
  }
}

function composed(date: Date, letter: string): string | undefined {
  const formats: Readonly<Record<string, string>> = {
    D: '%m/%d/%y',
    F: '%Y-%m-%d',
    R: '%H:%M',
    T: '%H:%M:%S',
    X: '%H:%M:%S',
    x: '%m/%d/%y',
    c: '%a %b %e %H:%M:%S %Y',
  };
  const format = formats[letter];
  if (format !== undefined) return strftime(date, format);
  // A naive time has no zone in Python.
  return letter === 'z' || letter === 'Z' ? '' : undefined;
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000) + 1;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
