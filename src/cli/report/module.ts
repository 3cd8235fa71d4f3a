import { commandLine } from '../command-line.ts';
import type { ArgumentRecord, ModuleRecord } from '../reference.ts';
import { declaration } from './declaration.ts';
import { paint, type Style } from './style.ts';
import { fitted } from './table.ts';

/** All modules by family, a line for each; a name that is a state and a function appears once. */
export function showIndex(modules: readonly ModuleRecord[], style: Style): string {
  const families = new Map<string, Map<string, ModuleRecord[]>>();
  for (const module of modules) {
    const family = module.name.split('.')[0] as string;
    const names = families.get(family) ?? new Map<string, ModuleRecord[]>();
    names.set(module.name, [...(names.get(module.name) ?? []), module]);
    families.set(family, names);
  }
  const width = Math.max(0, ...modules.map(({ name }) => name.length));
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([family, names]) => {
      const lines = [...names]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, records]) => {
          const kinds = records.map(({ kind }) => kind).join(', ');
          return `${fitted(`  ${name.padEnd(width)}  ${kinds.padEnd(15)}  ${records[0]?.summary ?? ''}`, style)}\n`;
        });
      return `${paint(style, 'bold', family)}\n${lines.join('')}`;
    })
    .join('\n');
}

export function showModule(module: ModuleRecord, style: Style): string {
  const {
    name,
    kind,
    summary,
    args,
    open,
    examples,
    notes,
    differs = [],
    returns,
    changes,
    reverts,
    refreshes,
  } = module;
  const heading = (text: string) => `\n${paint(style, 'bold', `${text}:`)}\n`;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? '' : heading(title) + items.map((item) => `  - ${item}\n`).join('');
  const effects = [
    changes ? 'Can change the machine' : 'Only reads',
    ...(reverts ? ['Can be taken back'] : []),
    ...(refreshes ? ['Does something of its own when a watched state changed'] : []),
  ];
  return [
    `${paint(style, 'bold', name)} (${kind})\n\n${summary}\n`,
    args.length === 0 ? '' : heading('Parameters') + args.map((each) => showArgument(each, style)).join(''),
    open ? '  It takes other parameters as well.\n' : '',
    returns === undefined ? '' : `${heading('Returns')}  ${returns}\n`,
    list('Effects', effects),
    examples.length === 0
      ? ''
      : heading('Examples') + examples.map((each, at) => showExample(module, each, at)).join(''),
    list('Notes', notes),
    list('Differs from Salt', differs),
  ].join('');
}

export function showArgument(
  { name, type, description, required, primary, secret, aliases = [], choices = [], ...rest }: ArgumentRecord,
  style: Style,
): string {
  const traits = [type, required && 'required', primary && 'primary', secret && 'secret'].filter(Boolean).join(', ');
  const more = [
    ...(aliases.length === 0 ? [] : [`aliases: ${aliases.join(', ')}`]),
    ...(choices.length === 0 ? [] : [`one of: ${choices.join(', ')}`]),
    ...(rest.default === undefined ? [] : [`default: ${JSON.stringify(rest.default)}`]),
  ];
  const lines = [description, ...more].filter((line) => line !== '');
  return `  ${paint(style, 'cyan', name)} (${traits})\n${lines.map((line) => `      ${line}\n`).join('')}`;
}

/** As a state file has it, or as one types it. */
export function showExample(
  module: ModuleRecord,
  { title, args }: ModuleRecord['examples'][number],
  at: number,
): string {
  const shown = module.kind === 'function' ? commandLine('*', module, args) : declaration(module, args).text.trimEnd();
  return `  ${at + 1}. ${title}\n${shown.replaceAll(/^(?=.)/gm, '     ')}\n`;
}
