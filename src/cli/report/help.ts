import type { Flag } from '#base/options.ts';
import type { Command } from '../command.ts';
import { globalFlags } from '../flags.ts';
import { paint, type Style } from './style.ts';

export function showOverview(commands: readonly Command[], style: Style): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return [
    `${heading('Usage', style)}  zester '<target>' <module.function> [value] [key=value …] [flags]\n  zester <command> …\n\n`,
    heading('Commands', style),
    ...lines,
    `\n${heading('Flags everywhere', style)}${flagLines(globalFlags)}\n`,
    'zester help <command> explains one, zester doc lists states and functions\n',
  ].join('');
}

export function showCommand(command: Command, style: Style): string {
  const { name, aliases, summary, notes, positionals, flags, examples } = command;
  const words = positionals.map(({ name: word, required, many }) => {
    const shown = many ? `${word}…` : word;
    return required ? `<${shown}>` : `[${shown}]`;
  });
  const width = Math.max(0, ...positionals.map((each) => each.name.length));
  return [
    `${summary}\n\n`,
    `${heading('Usage', style)}  ${['zester', name, ...words, '[flags]'].join(' ')}\n`,
    aliases.length === 0 ? '' : `  also: ${aliases.map((alias) => `zester ${alias}`).join(', ')}\n`,
    positionals.length === 0 ? '' : '\n',
    ...positionals.map((each) => `  ${each.name.padEnd(width)}  ${each.summary}\n`),
    flags.length === 0 ? '' : `\n${heading('Flags', style)}${flagLines(flags)}`,
    notes.length === 0 ? '' : `\n${notes.map((note) => `${note}\n`).join('')}`,
    `\n${heading('Examples', style)}`,
    ...examples.map(({ title, line }) => `  ${paint(style, 'dim', `# ${title}`)}\n  zester ${line}\n`),
  ].join('');
}

function heading(text: string, style: Style): string {
  return `${paint(style, 'bold', `${text}:`)}\n`;
}

const placeholders: Readonly<Partial<Record<Flag['type'], string>>> = {
  duration: ' <30s>',
  int: ' <n>',
  size: ' <64MB>',
  list: ' <a,b>',
  map: ' <key=value>',
  string: ' <text>',
};

function flagLines(flags: readonly Flag[]): string {
  const named = flags.map((flag) => {
    const value = flag.choices ? ` <${flag.choices.join('|')}>` : (placeholders[flag.type] ?? '');
    return [`${flag.short ? `-${flag.short}, ` : ''}--${flag.name}${value}`, flag] as const;
  });
  const width = Math.max(...named.map(([name]) => name.length));
  return named
    .map(([name, flag]) => {
      const fallback = flag.default === undefined ? '' : ` (${String(flag.default)})`;
      return `  ${name.padEnd(width)}  ${flag.summary}${fallback}\n`;
    })
    .join('');
}
