import { command } from '../command.ts';
import { requireContext } from '../contexts.ts';

export const contextShow = command({
  name: 'context show',
  summary: 'Which context counts, and what it means for the connection',
  positionals: [{ name: 'name', summary: 'Another one than the current', completes: 'context' }],
  examples: [
    { title: 'Where a command would go now', line: 'context show' },
    { title: 'Where it would go in another one', line: 'context show production' },
  ],
  bus: false,
  async run({ name }, session) {
    const known = await session.contexts();
    if (name !== undefined) requireContext(name, known);
    const { values, file, context } = await session.config(name);
    const { servers, creds, ca, timeout } = values;
    return { context, file, servers, creds, ca, timeout };
  },
  show({ context, file, servers, creds, ca }) {
    const rows = [
      ['Context', context ?? 'none'],
      ['File', file ?? 'none was found'],
      ['Servers', servers.join(', ')],
      ['Credentials', creds ?? 'none'],
      ['CA', ca ?? 'that of the system'],
    ] as const;
    return rows.map(([key, value]) => `${`${key}:`.padEnd(13)}${value}\n`).join('');
  },
});
