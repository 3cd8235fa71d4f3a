import { toHuman } from '#base/ids.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { PeelRow } from '#wire/peel.ts';
import { command } from '../command.ts';
import { paint } from '../report/style.ts';
import { ago, table } from '../report/table.ts';

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
    const rows: PeelRow[] = [];
    let after: string | undefined;
    do {
      const query = { ...(target === undefined ? {} : { target }), ...(after === undefined ? {} : { after }) };
      const { peels = [], next } = await session.ask(channels.peels, query, 10_000);
      rows.push(...peels);
      after = next;
    } while (after !== undefined);
    return rows.filter(({ online }) => !offline || !online).map((row) => ({ ...row, peel: toHuman(row.peel) }));
  },
  show(rows, style) {
    if (rows.length === 0) return 'No peels found.\n';
    const cells = rows.map(({ peel, os = '-', arch = '-', online, since, version = '-' }) => {
      return [peel, os, arch, online ? 'yes' : 'no', online ? 'now' : ago(since, style), version];
    });
    const listed = table(['PEEL ID', 'OS', 'ARCH', 'ONLINE', 'LAST-SEEN', 'VERSION'], cells, style);
    const warnings = rows.flatMap(({ warning }) => (warning === undefined ? [] : [visible(warning)]));
    return listed + warnings.map((each) => `${paint(style, 'yellow', 'Warning:')} ${each}\n`).join('');
  },
});
