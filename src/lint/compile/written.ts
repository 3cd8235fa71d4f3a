import type { Place } from '#base/errors.ts';
import type { Survey } from '../survey.ts';

const opening = /\{\{|\{%/;

/**
 * Whether what stands at a place is text as its author wrote it, all of it: then it is the same whatever a template
 * knows. `code` says what the error is about: a state as a whole, or the value at the place.
 */
export function isWritten(at: Place, code: string, { textOf }: Pick<Survey, 'textOf'>): boolean {
  const lines = textOf(at.file).split('\n');
  const line = lines[at.line - 1] ?? '';
  const before = line.slice(0, at.column - 1);
  if (isInside(before) || opening.test(line.slice(at.column - 1))) return false;
  return !opening.test(blockBelow(lines, at, code));
}

/** True within an expression that begins before and does not end before. */
function isInside(before: string): boolean {
  return (
    Math.max(before.lastIndexOf('{{'), before.lastIndexOf('{%')) >
    Math.max(before.lastIndexOf('}}'), before.lastIndexOf('%}'))
  );
}

/** What belongs to the line: everything further in. An argument that has a line of its own has nothing there. */
function blockBelow(lines: readonly string[], at: Place, code: string): string {
  if (alone.has(code)) return '';
  const indent = indentOf(lines[at.line - 1] ?? '');
  const rest = lines.slice(at.line);
  const end = rest.findIndex(
    (line) => line.trim() !== '' && !line.trimStart().startsWith('{%') && indentOf(line) <= indent,
  );
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** Errors that are about a word, not about what stands below it. */
const alone = new Set([
  'STATE_UNKNOWN',
  'ARGUMENT_UNKNOWN',
  'REQUISITE_UNKNOWN',
  'EXTEND_UNKNOWN',
  'SLS_UNKNOWN',
  'YAML_KEY_TAKEN',
  'ID_CONFLICT',
  'FUNCTION_SURPLUS',
]);

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
