import { toHuman } from '#base/ids.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { pages } from '../pages.ts';
import { exitCodes } from '../report/exit.ts';
import { paint } from '../report/style.ts';
import { count } from '../report/table.ts';
import { targetFlags, targetOf } from '../target-flags.ts';

export const target = command({
  name: 'target',
  summary: 'Which peels an expression chooses, and how it was understood',
  positionals: [{ name: 'expression', summary: 'The target', required: true, completes: 'peel' }],
  flags: targetFlags,
  examples: [{ title: 'Try a target before a job', line: "target 'G@os.family:debian and not db*'" }],
  bus: true,
  paged: true,
  async run({ expression: written, ...kinds }, session) {
    const expression = targetOf(written, kinds);
    const all: string[] = [];
    let understood = expression;
    const following = pages({
      ask: (after) => {
        const query = { target: expression, explain: true, ...(after === undefined ? {} : { after }) };
        return session.ask(channels.resolve, query, 10_000);
      },
      rows: ({ peels = [] }) => peels.length,
    });
    for await (const { peels = [], reading = expression } of following) {
      for (const peel of peels) all.push(toHuman(peel));
      understood = reading;
    }
    return { target: expression, reading: understood, peels: all.sort() };
  },
  show: ({ reading, peels }, style) =>
    [
      `${paint(style, 'dim', reading)}\n`,
      peels.length === 0 ? 'No peels matched the target expression.\n' : `${count(peels.length, 'peel')}:\n`,
      ...peels.map((peel) => `  ${peel}\n`),
    ].join(''),
  exit: ({ peels }) => (peels.length === 0 ? exitCodes.noMatch : 0),
});
