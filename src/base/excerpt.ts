import type { Place } from './errors.ts';

/** The line of a place with a caret below its column; undefined for a place whose line is not known. */
export function excerptOf({ line, column, text }: Place): string | undefined {
  if (text === undefined) return undefined;
  // Tabs stay tabs below the line, so that the caret stands under its character.
  const gap = text.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
  const number = String(line);
  return `${number} | ${text}\n${' '.repeat(number.length)} | ${gap}^`;
}
