import { ZesterError } from '#base/errors.ts';
import { shellWords } from '../command-line.ts';
import type { Candidate } from '../complete.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Throws `SHELL_UNKNOWN`. */
export function shellNamed(name: string): Shell {
  const known = shells.find((each) => each === name);
  if (known !== undefined) return known;
  throw new ZesterError('usage', 'SHELL_UNKNOWN', `Cannot complete in "${name}": it is not supported`, {
    hint: `Use one of ${shells.join(', ')}`,
  });
}

/** The words that follow `zester`, the last one unfinished. Bash splits at `:` and `=`, so it hands over the whole line. */
export function typedWords(shell: Shell, rest: readonly string[]): readonly string[] {
  if (shell !== 'bash') return rest;
  const line = rest[0] ?? '';
  // A quote that is still open is closed for reading; what ends with a space begins a new word.
  const isOpen = (quote: string) => (line.match(new RegExp(quote, 'g')) ?? []).length % 2 === 1;
  const closed = isOpen("'") ? `${line}'` : isOpen('"') ? `${line}"` : line;
  const words = shellWords(closed).slice(1);
  return closed === line && /\s$/.test(line) ? [...words, ''] : words;
}

/** What a shell would do something with, or end a word at. */
const noWord = /[\s\p{C}'"\\`$;&|<>()]/u;

/**
 * What each shell reads: a line for each candidate. Bash takes them into the line as they are, and the names of state
 * files, peels and jobs are others' words: what is more than a word to a shell is left out.
 */
export function candidateLines(shell: Shell, current: string, found: readonly Candidate[]): string {
  const line = ({ value, description }: Candidate): string => {
    const said = description?.split('\n')[0] ?? '';
    // Bash replaces what follows its last break only.
    if (shell === 'bash') return value.slice(current.search(/[^:=]*$/));
    if (shell === 'fish') return said === '' ? value : `${value}\t${said}`;
    const escaped = value.replaceAll(':', '\\:');
    return said === '' ? escaped : `${escaped}:${said}`;
  };
  return found
    .filter(({ value }) => !noWord.test(value))
    .map((each) => `${line(each)}\n`)
    .join('');
}

/** A script that asks the program about every word: so it knows peels and jobs, and grows with it. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of zester
_zester() {
  local line="\${COMP_LINE:0:COMP_POINT}"
  mapfile -t COMPREPLY < <(zester complete bash -- "$line" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 ]]; then
    [[ \${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
    COMPREPLY=("\${COMPREPLY[0]}")
  fi
  return 0
}
complete -o default -F _zester zester
`,
  zsh: `#compdef zester
# Completion of zester
_zester() {
  local -a found plain open
  found=("\${(@f)$(zester complete zsh -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  open=(\${(M)found:#*=:*} \${(M)found:#*=})
  plain=(\${found:|open})
  (( \${#open} )) && _describe -t arguments argument open -S ''
  (( \${#plain} )) && _describe -t words word plain
  (( \${#found} )) || _files
}
compdef _zester zester
`,
  fish: `# Completion of zester
function __zester_complete
    zester complete fish -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c zester -f -a '(__zester_complete)'
`,
};
