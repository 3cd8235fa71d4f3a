import type { Command } from '../command.ts';
import { globalFlags } from '../flags.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that knows everything by itself: completing a word starts no program. */
export function completionScript(shell: Shell, commands: readonly Command[], functions: readonly string[]): string {
  const tree = new Map<string, readonly string[]>();
  for (const { name } of commands) {
    const words = name.split(' ');
    for (let at = 0; at < words.length; at++) {
      const prefix = words.slice(0, at).join(' ');
      tree.set(prefix, [...new Set([...(tree.get(prefix) ?? []), words[at] as string])]);
    }
  }
  const flagsOf = new Map(commands.map(({ name, flags }) => [name, flags.map((flag) => `--${flag.name}`)]));
  const everywhere = globalFlags.map((flag) => `--${flag.name}`);
  if (shell === 'fish') return fish(tree, commands, functions);
  const script = bash(tree, flagsOf, everywhere, functions);
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function bash(
  tree: ReadonlyMap<string, readonly string[]>,
  flagsOf: ReadonlyMap<string, readonly string[]>,
  everywhere: readonly string[],
  functions: readonly string[],
): string {
  const cases = [...tree].map(([prefix, words]) => `    '${prefix}') words='${words.join(' ')}' ;;`);
  const flagCases = [...flagsOf]
    .filter(([, flags]) => flags.length > 0)
    .map(([name, flags]) => `    '${name}'*) flags="$flags ${flags.join(' ')}" ;;`);
  return `# Completion of zester
_zester() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before='' words='' flags='${everywhere.join(' ')}' at
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -* ]] || before="$before\${before:+ }\${COMP_WORDS[at]}"
  done
  case "$before" in
${cases.join('\n')}
    *\\ *) ;;
    *) words='${functions.join(' ')}' ;;
  esac
  case "$before" in
${flagCases.join('\n')}
  esac
  [[ $before == doc || $before == help\\ doc ]] && words='${functions.join(' ')}'
  [[ $current == -* ]] && words="$flags"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _zester zester
`;
}

function fish(
  tree: ReadonlyMap<string, readonly string[]>,
  commands: readonly Command[],
  functions: readonly string[],
): string {
  const lines = ['# Completion of zester', 'complete -c zester -f'];
  for (const word of tree.get('') ?? []) {
    const summary = commands.find(({ name }) => name === word)?.summary ?? `Commands about ${word}`;
    lines.push(`complete -c zester -n __fish_use_subcommand -a ${word} -d ${quoted(summary)}`);
  }
  for (const { name, summary, flags } of commands) {
    const words = name.split(' ');
    const last = words.at(-1) as string;
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    if (words.length > 1) {
      const condition = [...seen.slice(0, -1), `not __fish_seen_subcommand_from ${last}`].join('; and ');
      lines.push(`complete -c zester -n ${quoted(condition)} -a ${last} -d ${quoted(summary)}`);
    }
    for (const flag of flags) {
      lines.push(`complete -c zester -n ${quoted(seen.join('; and '))} -l ${flag.name} -d ${quoted(flag.summary)}`);
    }
  }
  for (const flag of globalFlags) lines.push(`complete -c zester -l ${flag.name} -d ${quoted(flag.summary)}`);
  const second = 'test (count (commandline -opc)) -eq 2; or __fish_seen_subcommand_from doc';
  if (functions.length > 0) lines.push(`complete -c zester -n ${quoted(second)} -a ${quoted(functions.join(' '))}`);
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
