import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLog } from '#base/log.ts';
import { systemClock } from '#base/time.ts';
import { connectBus } from '#bus/connect.ts';
import { newInstance } from '#peel/resident/instance.ts';
import { openJournal } from '#peel/resident/journal.ts';
import type { Lane } from '#peel/resident/lane.ts';
import { heartbeatMs, startPeel } from '#peel/resident/peel.ts';
import { localTree } from '#peel/shared/tree.ts';
import { openAuthDir } from '#trust/auth-dir.ts';
import { type Credentials, formatCredentials } from '#trust/jwt.ts';
import { bundleOf } from '#trust/rotate.ts';

// Many real peels in one process: each with its own connection, credentials, journal, and all checks of an order.
interface Input {
  readonly url: string;
  readonly ca: string;
  readonly dir: string;
  readonly auth: string;
  readonly peels: readonly { readonly id: string; readonly credentials: Credentials }[];
}

const connectAtOnce = 32;
const noLane: Lane = {
  depth: 0,
  width: 0,
  run: () => {
    throw new Error('These peels have no runner');
  },
  close: async () => {},
};

const input = JSON.parse(await text(process.stdin)) as Input;
const bundle = bundleOf(openAuthDir(input.auth).index);
const waiting = [...input.peels];

await Promise.all(
  Array.from({ length: connectAtOnce }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await start(next);
  }),
);
process.stdout.write('peels ready\n');

async function start({ id, credentials }: Input['peels'][number]): Promise<void> {
  const bus = await connectBus({
    servers: [input.url],
    ca: input.ca,
    credentials: formatCredentials(credentials),
    name: `zester-peel-${id}`,
    retry: true,
    timeoutMs: 60_000,
  });
  const facts = { id, os: { family: 'debian', name: 'linux', arch: 'amd64' } };
  startPeel({
    peel: id,
    seed: credentials.seed,
    bus,
    journal: openJournal(join(input.dir, id), systemClock),
    instance: newInstance(),
    lanes: { read: noLane, call: noLane, run: noLane },
    trust: () => bundle,
    resident: () => ({ version: 'bench', facts, grains: {}, settings: {} }),
    tree: () => localTree('/'),
    heartbeatMs,
    clock: systemClock,
    log: silentLog,
  });
  await bus.flush();
}
