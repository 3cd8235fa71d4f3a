const compiled = new Map<string, RegExp>();

/** Python's fnmatch, which every pattern in Salt's language is: `*`, `?`, `[seq]`, `[!seq]`, case-sensitive. */
export function globMatches(pattern: string, text: string): boolean {
  if (!isGlob(pattern)) return pattern === text;
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(`^(?:${translate(pattern)})$`, 's');
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

function translate(pattern: string): string {
  let output = '';
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? '';
    const set = character === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(pattern.slice(index)) : undefined;
    if (character === '*') output += '.*';
    else if (character === '?') output += '.';
    else if (set) {
      output += setExpression(set[1] === '!', set[2] ?? '');
      index += set[0].length - 1;
    } else output += character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  }
  return output;
}

function setExpression(negated: boolean, members: string): string {
  const ranges = members.replace(/(.)-(.)/gs, (range, from: string, to: string) => (from > to ? '' : range));
  if (ranges === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${ranges.replace(/[\\\][^]/g, '\\$&')}]`;
}
