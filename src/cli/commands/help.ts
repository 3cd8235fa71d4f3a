import { didYouMean, ZesterError } from '#base/errors.ts';
import { type Command, command } from '../command.ts';
import type { Page } from '../page.ts';
import { allCommands, commandNames, findCommand } from '../registry.ts';
import { showCommand, showGroup, showOverview } from '../report/help.ts';
import { showPage } from '../report/page.ts';

type Help =
  | { readonly kind: 'all'; readonly commands: readonly Command[]; readonly topics: readonly Page[] }
  | { readonly kind: 'group'; readonly commands: readonly Command[] }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'topic'; readonly topic: Page };

export const help = command({
  name: 'help',
  summary: 'How to use zester, one of its commands, or what a topic is about',
  positionals: [
    { name: 'words', summary: 'The command, or a topic: job list, targets', many: true, completes: 'topic' },
  ],
  examples: [
    { title: 'All commands', line: 'help' },
    { title: 'One of them', line: 'help job list' },
    { title: 'How targets are written', line: 'help targets' },
  ],
  bus: false,
  paged: true,
  async run({ words }): Promise<Help> {
    const [{ topics }, commands] = await Promise.all([import('../topics.ts'), allCommands()]);
    if (words.length === 0) return { kind: 'all', commands, topics };
    const name = words.join(' ');
    const found = findCommand(words);
    if (found !== undefined) return { kind: 'command', command: await found.load() };
    const topic = topics.find((each) => each.name === name);
    if (topic !== undefined) return { kind: 'topic', topic };
    const group = commands.filter((each) => each.name.startsWith(`${name} `));
    if (group.length > 0) return { kind: 'group', commands: group };
    throw unknownTopic(name, topics);
  },
  show(found, style) {
    switch (found.kind) {
      case 'all':
        return showOverview(found.commands, found.topics, style);
      case 'group':
        return showGroup(found.commands, style);
      case 'command':
        return showCommand(found.command, style);
      case 'topic':
        return showPage(found.topic, style);
    }
  },
  plain(found) {
    if (found.kind === 'command') return describe(found.command);
    return found.kind === 'topic' ? found.topic : found.commands.map(describe);
  },
});

function describe({ name, aliases, summary, notes, positionals, flags, examples }: Command) {
  return { name, aliases, summary, notes, positionals, flags, examples };
}

function unknownTopic(name: string, topics: readonly Page[]): ZesterError {
  const names = [...commandNames(), ...topics.map((each) => each.name)];
  return new ZesterError('usage', 'HELP_UNKNOWN', `Cannot explain "${name}": there is no such command or topic`, {
    hint: didYouMean(name, names) ?? 'Run "zester help" for all commands, "zester doc" for states and functions',
  });
}
