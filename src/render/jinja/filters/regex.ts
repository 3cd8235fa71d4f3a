import { escapePattern, type Match, type Regex, regexOf } from '#pattern/regex.ts';
import { replacementOf } from '#pattern/replacement.ts';
import { truthy } from '../operators.ts';
import { boundText } from '../sizes.ts';
import { textArgument } from '../text.ts';
import { Tuple, type Value } from '../values.ts';
import { filterTable } from './table.ts';

const flagged = 'text, pattern, ignorecase=False, multiline=False';

export const regexFilters = filterTable({
  regex_search: [
    flagged,
    (text = null, pattern = null, ignoreCase = false, multiline = false) =>
      groups(compiled(pattern, ignoreCase, multiline).search(textArgument(text))),
  ],
  regex_match: [
    flagged,
    (text = null, pattern = null, ignoreCase = false, multiline = false) =>
      groups(compiled(pattern, ignoreCase, multiline).matchStart(textArgument(text))),
  ],
  regex_replace: [
    'text, pattern, val, ignorecase=False, multiline=False',
    (text = null, pattern = null, by = null, ignoreCase = false, multiline = false) =>
      replaced(compiled(pattern, ignoreCase, multiline), textArgument(by), textArgument(text)),
  ],
  regex_escape: ['value', (text = null) => escapePattern(textArgument(text))],
});

function compiled(pattern: Value, ignoreCase: Value, multiline: Value): Regex {
  return regexOf(textArgument(pattern), { ignoreCase: truthy(ignoreCase), multiline: truthy(multiline) });
}

function replaced(regex: Regex, written: string, text: string): string {
  const replacement = replacementOf(written, regex);
  let [result, at] = ['', 0];
  for (const match of regex.matches(text)) {
    result += text.slice(at, match.start) + replacement(match);
    at = match.end;
    boundText(result.length);
  }
  return result + text.slice(at);
}

// Salt returns the groups, not the match: a pattern without groups that matches gives `()`, which is false.
function groups(match: Match | undefined): Value {
  return match === undefined ? null : new Tuple(match.groups.map((group) => group ?? null));
}
