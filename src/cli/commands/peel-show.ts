import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { paint } from '../report/style.ts';
import { ago } from '../report/table.ts';
import { valueText } from '../report/value.ts';

export const peelShow = command({
  name: 'peel show',
  summary: 'One peel with its facts, as the masters know it',
  positionals: [
    { name: 'peel', summary: 'Its id', required: true },
    { name: 'fact', summary: 'Only this one: os.family' },
  ],
  examples: [
    { title: 'All that is known', line: 'peel show web-01.example.com' },
    { title: 'One fact', line: 'peel show web-01.example.com os.family' },
  ],
  bus: true,
  async run({ peel: id, fact }, session) {
    const wire = id.replaceAll('.', '_');
    const { peel, facts = {} } = await session.ask(channels.peel, { peel: wire });
    return { ...peel, peel: toHuman(wire), facts: fact === undefined ? facts : factOf(facts, fact, toHuman(wire)) };
  },
  show({ peel, online = false, since, version = '-', warning, facts }, style) {
    const state = online
      ? paint(style, 'green', 'online')
      : paint(style, 'red', `offline, last seen ${ago(since, style)}`);
    const said = warning === undefined ? '' : `${paint(style, 'yellow', 'Warning:')} ${visible(warning)}\n`;
    return `${paint(style, 'bold', peel)}: ${state}, version ${version}\n${said}${valueText(facts)}\n`;
  },
});

function factOf(facts: Readonly<Record<string, unknown>>, path: string, peel: string): unknown {
  let value: unknown = facts;
  for (const key of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (value !== undefined) return value;
  throw new ZesterError('usage', 'FACT_UNKNOWN', `fact key "${path}" not found for peel ${peel}`, {
    hint: `See all of them with: zester peel show ${peel}`,
  });
}
