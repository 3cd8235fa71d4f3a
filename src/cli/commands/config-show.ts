import { command } from '../command.ts';
import { table } from '../report/table.ts';

export const configShow = command({
  name: 'config show',
  summary: 'Each option with its value, and where that came from',
  examples: [
    { title: 'What counts', line: 'config show' },
    { title: 'What would count in another environment', line: 'config show --context staging' },
  ],
  bus: false,
  paged: true,
  async run(_input, session) {
    const { file, context, why, warnings } = await session.config();
    for (const warning of warnings) session.note(`Warning: ${warning}`);
    const options = why
      .filter(({ key }) => key !== 'contexts')
      .map(({ key, value, source, from }) => ({ key, value, source, from }));
    return { file, context, options };
  },
  show({ file, context, options }, style) {
    const rows = options.map(({ key, value, source, from }) => {
      return [key, value === undefined ? '-' : [value].flat().join(', '), from ?? source];
    });
    const where = `${file ?? 'No file was found'}${context === undefined ? '' : `, context ${context}`}`;
    return `${where}\n${table(['OPTION', 'VALUE', 'FROM'], rows, style)}`;
  },
});
