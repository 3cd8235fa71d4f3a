import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { visible } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import type { PeelReply } from '#wire/peel.ts';
import { command } from '../command.ts';
import { joinParts } from '../pages.ts';
import { paint } from '../report/style.ts';
import { ago } from '../report/table.ts';
import { valueText } from '../report/value.ts';
import type { Session } from '../session.ts';

type Facts = Readonly<Record<string, unknown>>;

export const peelShow = command({
  name: 'peel show',
  summary: 'One peel with its facts, as the masters know it',
  positionals: [
    { name: 'peel', summary: 'Its id', required: true, completes: 'peel' },
    { name: 'fact', summary: 'Only this one: os.family', completes: 'fact' },
  ],
  examples: [
    { title: 'All that is known', line: 'peel show web-01.example.com' },
    { title: 'One fact', line: 'peel show web-01.example.com os.family' },
  ],
  bus: true,
  paged: true,
  async run({ peel: id, fact }, session) {
    const wire = id.replaceAll('.', '_');
    const { peel, facts } = await peelWithFacts(wire, session);
    return { ...peel, peel: toHuman(wire), facts: fact === undefined ? facts : factOf(facts, fact, toHuman(wire)) };
  },
  show({ peel, online = false, since, version = '-', over, warning, facts }, style) {
    const state = online
      ? paint(style, 'green', 'online')
      : paint(style, 'red', `offline, last seen ${ago(since, style)}`);
    const limit = over === undefined ? '' : `${paint(style, 'red', `Facts over the limit, not used: ${over}`)}\n`;
    const said = warning === undefined ? '' : `${paint(style, 'yellow', 'Warning:')} ${visible(warning)}\n`;
    const shown = valueText(facts).replaceAll(/^(?=.)/gm, indent);
    return `${paint(style, 'bold', peel)}: ${state}, version ${version}\n${said}${limit}${shown}\n`;
  },
});

/** A fact may have many lines, and none of them begins where ours do. */
const indent = '  ';

/** Facts that changed while their parts were fetched are fetched again. */
const tries = 5;

async function peelWithFacts(wire: string, session: Session): Promise<Pick<PeelReply, 'peel'> & { facts: Facts }> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const first = await session.ask(channels.peel, { peel: wire }, 10_000);
    if (first.parts === undefined) return { peel: first.peel, facts: first.facts ?? {} };
    let isSame = true;
    const bytes = await joinParts(first, async (part) => {
      const next = await session.ask(channels.peel, { peel: wire, part }, 10_000);
      isSame &&= next.revision === first.revision && next.parts === first.parts;
      return isSame ? next : { part: new Uint8Array(1) };
    });
    if (!isSame) continue;
    const { decode } = await import('#wire/codec.ts');
    return { peel: first.peel, facts: decode(bytes) as Facts };
  }
  throw new ZesterError('unreachable', 'FACTS_RESTLESS', `Cannot show "${toHuman(wire)}": its facts keep changing`, {
    hint: 'Try again; a peel that never rests is worth a look: zester doctor',
  });
}

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
