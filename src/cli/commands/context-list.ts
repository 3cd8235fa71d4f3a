import { command } from '../command.ts';
import { type ContextRow, contextRows } from '../contexts.ts';
import { type Column, listFlags, listRows, showRows } from '../listing.ts';

const columns: readonly Column<ContextRow>[] = [
  { name: 'name', whole: true, text: ({ name }) => name },
  { name: 'current', text: ({ current }) => (current ? 'yes' : '') },
  { name: 'servers', text: ({ servers }) => (servers.length === 0 ? '-' : servers.join(', ')) },
  { name: 'creds', text: ({ creds = '-' }) => creds },
  { name: 'ca', extra: true, text: ({ ca = '-' }) => ca },
];
const none = 'No contexts. Write them as "zester help contexts" shows.\n';

export const contextList = command({
  name: 'context list',
  summary: 'The fleets that the configuration knows by name',
  flags: listFlags(columns),
  examples: [{ title: 'What there is to choose from', line: 'context list' }],
  bus: false,
  paged: true,
  async run(input, session) {
    const rows = contextRows(await session.contexts());
    const pages = async function* () {
      yield rows;
    };
    return listRows(pages(), { columns, input, session });
  },
  show: (rows, style) => (rows.length === 0 ? none : showRows(columns, rows, style)),
  showRest: (rows) => (rows.length === 0 ? none : ''),
});
