import { valueError } from '../errors.ts';

/** The character of a number, for `%c` and `{:c}`. Throws TEMPLATE_VALUE. */
export function characterOf(code: number | bigint): string {
  if (code < 0 || code > 0x10ffff) throw valueError('%c arg not in range(0x110000)');
  return String.fromCodePoint(Number(code));
}
