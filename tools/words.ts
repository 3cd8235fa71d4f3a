/** A word as a shell reads it back: in quotes where it would otherwise be split or expanded. */
export function shellWord(word: string): string {
  return /^[\w./=:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
