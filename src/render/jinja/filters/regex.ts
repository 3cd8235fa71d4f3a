import { escapePattern, matchStart, type PythonMatch, replaceAll, search } from '../../python-regex.ts';
import { truthy } from '../operators.ts';
import { textArgument } from '../text.ts';
import { Tuple, type Value } from '../values.ts';
import { filterTable } from './table.ts';

const flagged = 'text, pattern, ignorecase=False, multiline=False';

export const regexFilters = filterTable({
  regex_search: [
    flagged,
    (text = null, pattern = null, ignoreCase = false, multiline = false) =>
      groups(search(textArgument(pattern), textArgument(text), flags(ignoreCase, multiline))),
  ],
  regex_match: [
    flagged,
    (text = null, pattern = null, ignoreCase = false, multiline = false) =>
      groups(matchStart(textArgument(pattern), textArgument(text), flags(ignoreCase, multiline))),
  ],
  regex_replace: [
    'text, pattern, val, ignorecase=False, multiline=False',
    (text = null, pattern = null, by = null, ignoreCase = false, multiline = false) =>
      replaceAll(textArgument(pattern), textArgument(by), textArgument(text), flags(ignoreCase, multiline)),
  ],
  regex_escape: ['value', (text = null) => escapePattern(textArgument(text))],
});

function flags(ignoreCase: Value, multiline: Value): { ignoreCase: boolean; multiline: boolean } {
  return { ignoreCase: truthy(ignoreCase), multiline: truthy(multiline) };
}

// Salt returns the groups, not the match: a pattern without groups that matches gives `()`, which is false.
function groups(match: PythonMatch | undefined): Value {
  return match === undefined ? null : new Tuple(match.groups.map((group) => group ?? null));
}
