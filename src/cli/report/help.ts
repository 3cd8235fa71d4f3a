import type { Command } from '../command.ts';
import { globalFlags } from '../flags.ts';
import { groupOf, groups } from '../groups.ts';
import { commandPage, flagTerms, lines, type Page, type Section, terms, text } from '../page.ts';
import { showPage, showSection } from './page.ts';
import type { Style } from './style.ts';

/** All commands by what they are for, then what else there is to read. */
export function showOverview(commands: readonly Command[], topics: readonly Page[], style: Style): string {
  const usage: Section = {
    heading: 'Usage',
    blocks: [lines("zester '<target>' <module.function> [value] [key=value …] [flags]", 'zester <command> …')],
  };
  const more: Section = {
    heading: 'More',
    blocks: [
      terms(
        ...topics.map(({ name, summary }) => [`help ${name}`, summary] as const),
        ['help <command>', 'One command, with its flags and examples'],
        ['doc, explain', 'States, functions, arguments, facts, errors'],
      ),
    ],
  };
  const everywhere: Section = { heading: 'Flags everywhere', blocks: [flagTerms(globalFlags)] };
  return [usage, ...groupSections(commands), everywhere, more].map((each) => showSection(each, style)).join('\n');
}

/** The commands that begin with one word. */
export function showGroup(commands: readonly Command[], style: Style): string {
  const sections = [
    ...groupSections(commands),
    { heading: 'More', blocks: [text('zester help <command> explains one')] },
  ];
  return sections.map((each) => showSection(each, style)).join('\n');
}

export function showCommand(command: Command, style: Style): string {
  return showPage(commandPage(command), style);
}

export function groupSections(commands: readonly Command[]): readonly Section[] {
  const titles = [...groups.map(({ title }) => title), 'Others'] as const;
  const byTitle = Map.groupBy(commands, ({ name }) => groupOf(name)?.title ?? 'Others');
  return titles.flatMap((title) => {
    const some = byTitle.get(title) ?? [];
    if (some.length === 0) return [];
    return [{ heading: title, blocks: [terms(...some.map(({ name, summary }) => [name, summary] as const))] }];
  });
}
