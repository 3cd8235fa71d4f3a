import { didYouMean, ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';
import { allCommands, commandNames, findCommand } from '../registry.ts';
import { showCommand, showOverview } from '../report/help.ts';

export const help = command({
  name: 'help',
  summary: 'How to use zester, or one of its commands',
  positionals: [{ name: 'words', summary: 'The command: job list', many: true }],
  examples: [
    { title: 'All commands', line: 'help' },
    { title: 'One of them', line: 'help job list' },
  ],
  bus: false,
  paged: true,
  async run({ words }) {
    const all = await allCommands();
    if (words.length === 0) return { all, one: undefined };
    const name = words.join(' ');
    const found = findCommand(words);
    const group = all.filter((each) => each.name.startsWith(`${name} `));
    if (found === undefined && group.length === 0) throw unknownCommand(name);
    return { all: group, one: found && (await found.load()) };
  },
  show: ({ all, one }, style) => (one ? showCommand(one, style) : showOverview(all, style)),
  plain: ({ all, one }) => (one ? describe(one) : all.map(describe)),
});

function describe({
  name,
  aliases,
  summary,
  notes,
  positionals,
  flags,
  examples,
}: Awaited<ReturnType<typeof allCommands>>[number]) {
  return { name, aliases, summary, notes, positionals, flags, examples };
}

function unknownCommand(name: string): ZesterError {
  return new ZesterError('usage', 'SUBCOMMAND_UNKNOWN', `Cannot explain "${name}": there is no such command`, {
    hint:
      didYouMean(name, commandNames()) ?? 'Run "zester help" for all commands, "zester doc" for states and functions',
  });
}
