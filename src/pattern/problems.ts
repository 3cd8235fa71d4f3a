import { ZesterError } from '#base/errors.ts';

export function patternInvalid(pattern: string, reason: string): ZesterError {
  return new ZesterError(
    'source',
    'PATTERN_INVALID',
    `Cannot use the pattern "${shortened(pattern)}": it is not a regular expression: ${reason}`,
    { hint: 'Write a backslash before a character that stands for itself: "\\(", and in a template "\\\\("' },
  );
}

export function patternUnsupported(pattern: string, construct: string, hint: string): ZesterError {
  return new ZesterError(
    'source',
    'PATTERN_UNSUPPORTED',
    `Cannot use the pattern "${shortened(pattern)}": it has ${construct}`,
    { hint },
  );
}

export function patternLarge(pattern: string, reason: string): ZesterError {
  return new ZesterError('source', 'PATTERN_TOO_LARGE', `Cannot use the pattern "${shortened(pattern)}": ${reason}`, {
    hint: 'Write smaller counts in braces, or several patterns',
  });
}

export function patternCostly(pattern: string, length: number, repeatsGroups: boolean): ZesterError {
  return new ZesterError(
    'source',
    'PATTERN_TOO_COSTLY',
    `Cannot try the pattern "${shortened(pattern)}" on ${length} characters: it takes too many steps`,
    {
      hint: repeatsGroups
        ? 'Write it without a reference to a group such as "\\1": only those can take for ever'
        : 'Write a shorter pattern, or try it on less text',
    },
  );
}

function shortened(pattern: string): string {
  return pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern;
}
