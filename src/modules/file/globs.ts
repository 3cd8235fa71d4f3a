/** A pattern of paths: a glob, in which `*` stands for slashes too, or a regular expression after `E@`. */
export function globOf(pattern: string): RegExp {
  if (pattern.startsWith('E@')) return new RegExp(pattern.slice(2));
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
