import { toHuman } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { PeelRow } from '#wire/peel.ts';
import { command } from '../command.ts';
import { type Column, listFlags, listRows, showRows } from '../listing.ts';
import { pages } from '../pages.ts';
import { paint, type Style } from '../report/style.ts';
import { ago } from '../report/table.ts';
import type { Session } from '../session.ts';
import { targetFlags, targetOf } from '../target-flags.ts';

const columns: readonly Column<PeelRow>[] = [
  { name: 'peel', whole: true, text: ({ peel }) => peel },
  { name: 'os', text: ({ os = '-' }) => os },
  { name: 'arch', text: ({ arch = '-' }) => arch },
  { name: 'online', whole: true, text: ({ online }) => (online ? 'yes' : 'no') },
  {
    name: 'last-seen',
    whole: true,
    text: ({ online, since }, style) => (online ? 'now' : ago(since, style)),
    order: ({ online, since = 0 }) => (online ? Number.POSITIVE_INFINITY : since),
  },
  { name: 'version', text: ({ version = '-' }) => version },
  { name: 'address', extra: true, text: ({ address = '-' }) => address },
  {
    name: 'clock',
    extra: true,
    text: ({ clockSkewMs }) => (clockSkewMs === undefined ? '-' : skewText(clockSkewMs)),
    order: ({ clockSkewMs = 0 }) => Math.abs(clockSkewMs),
  },
];

export const peelList = command({
  name: 'peel list',
  summary: 'Peels, and whether they are there',
  positionals: [{ name: 'target', summary: 'Only those it chooses', completes: 'peel' }],
  flags: [
    { name: 'offline', summary: 'Only those that are not there', type: 'bool' },
    ...listFlags(columns),
    ...targetFlags,
  ],
  examples: [
    { title: 'All peels', line: 'peel list' },
    { title: 'Debian machines that are away', line: "peel list 'G@os.family:debian' --offline" },
    {
      title: 'Who has been away longest',
      line: 'peel list --offline --columns peel,last-seen,version --sort last-seen',
    },
  ],
  bus: true,
  paged: true,
  run: (input, session) => listRows(peels(input, session), { columns, input, session }),
  show: (rows, style) => (rows.length === 0 ? '' : showRows(columns, rows, style)) + showWarnings(rows, style),
  showRest: showWarnings,
});

async function* peels(
  { target, offline, ...kinds }: { readonly target: string | undefined; readonly offline: boolean },
  session: Session,
): AsyncGenerator<readonly PeelRow[]> {
  const wanted = target === undefined ? {} : { target: targetOf(target, kinds) };
  const following = pages({
    ask: (after) => session.ask(channels.peels, { ...wanted, ...(after === undefined ? {} : { after }) }, 10_000),
    rows: ({ peels: some = [] }) => some.length,
  });
  for await (const { peels: some = [] } of following)
    yield some.filter(({ online }) => !offline || !online).map((row) => ({ ...row, peel: toHuman(row.peel) }));
}

/** What was shown row by row ends with what somebody must look at. */
function showWarnings(rows: readonly PeelRow[], style: Style): string {
  if (rows.length === 0) return 'No peels found.\n';
  const warnings = rows.flatMap(({ warning }) => (warning === undefined ? [] : [visible(warning)]));
  return warnings.map((each) => `${paint(style, 'yellow', 'Warning:')} ${each}\n`).join('');
}

function skewText(ms: number): string {
  return `${durationText(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`;
}
