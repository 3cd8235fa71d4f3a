import { toHuman } from '#base/ids.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { PeelRow } from '#wire/peel.ts';
import { command } from '../command.ts';
import { pages } from '../pages.ts';
import { paint, type Style } from '../report/style.ts';
import { ago, growingTable, table } from '../report/table.ts';

const headings = ['PEEL ID', 'OS', 'ARCH', 'ONLINE', 'LAST-SEEN', 'VERSION'];
export const peelList = command({
  name: 'peel list',
  summary: 'Peels, and whether they are there',
  positionals: [{ name: 'target', summary: 'Only those it chooses' }],
  flags: [{ name: 'offline', summary: 'Only those that are not there', type: 'bool' }],
  examples: [
    { title: 'All peels', line: 'peel list' },
    { title: 'Debian machines that are away', line: "peel list 'G@os.family:debian' --offline" },
  ],
  bus: true,
  async run({ target, offline }, session): Promise<readonly PeelRow[]> {
    const all: PeelRow[] = [];
    const shown = growingTable(headings, session.style);
    const following = pages({
      ask: (after) => {
        const query = { ...(target === undefined ? {} : { target }), ...(after === undefined ? {} : { after }) };
        return session.ask(channels.peels, query, 10_000);
      },
      rows: ({ peels = [] }) => peels.length,
    });
    for await (const { peels = [] } of following) {
      const rows = peels
        .filter(({ online }) => !offline || !online)
        .map((row) => ({ ...row, peel: toHuman(row.peel) }));
      session.write(shown(cellsOf(rows, session.style)));
      all.push(...rows);
    }
    return all;
  },
  show: (rows, style) =>
    (rows.length === 0 ? '' : table(headings, cellsOf(rows, style), style)) + showWarnings(rows, style),
  showRest: showWarnings,
});

/** What was shown row by row ends with what somebody must look at. */
function showWarnings(rows: readonly PeelRow[], style: Style): string {
  if (rows.length === 0) return 'No peels found.\n';
  const warnings = rows.flatMap(({ warning }) => (warning === undefined ? [] : [visible(warning)]));
  return warnings.map((each) => `${paint(style, 'yellow', 'Warning:')} ${each}\n`).join('');
}

function cellsOf(rows: readonly PeelRow[], style: Style): readonly (readonly string[])[] {
  return rows.map(({ peel, os = '-', arch = '-', online, since, version = '-' }) => {
    return [peel, os, arch, online ? 'yes' : 'no', online ? 'now' : ago(since, style), version];
  });
}
