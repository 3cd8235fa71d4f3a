import { command } from '../command.ts';
import { useContext } from '../contexts.ts';

export const contextUse = command({
  name: 'context use',
  summary: 'Make a context the one that counts from now on',
  notes: [
    'It is written into your configuration file. For one command there is --context, for a shell ZESTER_CONTEXT.',
  ],
  positionals: [{ name: 'name', summary: 'Its name, as "context list" has it', required: true, completes: 'context' }],
  examples: [{ title: 'Work with the laboratory', line: 'context use lab' }],
  bus: false,
  async run({ name }, session) {
    const known = await session.contexts();
    await useContext(name, known);
    return { context: name, file: known.file, before: known.current, overruledBy: known.overruledBy };
  },
  show: ({ context, file, overruledBy }) =>
    `Context ${context} counts from now on (${file})\n${
      overruledBy === undefined
        ? ''
        : `On this machine ${overruledBy} counts all the same: say --context ${context}, or set ZESTER_CONTEXT\n`
    }`,
});
