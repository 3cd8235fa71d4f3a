import { toHuman } from '#base/ids.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { exitCodes } from '../report/exit.ts';
import { paint } from '../report/style.ts';
import { count } from '../report/table.ts';

export const target = command({
  name: 'target',
  summary: 'Which peels an expression chooses, and how it was understood',
  positionals: [{ name: 'expression', summary: 'The target', required: true }],
  examples: [{ title: 'Try a target before a job', line: "target 'G@os.family:debian and not db*'" }],
  bus: true,
  async run({ expression }, session) {
    const { peels = [], reading = expression } = await session.ask(channels.resolve, {
      target: expression,
      explain: true,
    });
    return { target: expression, reading, peels: peels.map(toHuman).sort() };
  },
  show: ({ reading, peels }, style) =>
    [
      `${paint(style, 'dim', reading)}\n`,
      peels.length === 0 ? 'No peels matched the target expression.\n' : `${count(peels.length, 'peel')}:\n`,
      ...peels.map((peel) => `  ${peel}\n`),
    ].join(''),
  exit: ({ peels }) => (peels.length === 0 ? exitCodes.noMatch : 0),
});
