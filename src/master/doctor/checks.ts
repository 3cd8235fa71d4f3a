import type { Bugs } from '#base/bugs.ts';
import { toHuman } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import type { Refusals } from '#bus/refusals.ts';
import { roleLimits } from '#trust/account.ts';
import { maxChunks } from '#wire/job.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import type { Master } from '../master.ts';
import type { Check } from './doctor.ts';

/** What there is to look at. */
export interface MasterView {
  readonly master: Pick<Master, 'id' | 'stores' | 'fleet' | 'presence' | 'masters' | 'sweep' | 'bad' | 'troubles'>;
  readonly bugs: Bugs | undefined;
  readonly refusals: Refusals;
  /** Bytes the NATS server takes in one message. */
  readonly maxPayload: number;
}

/** What a master looks at, in the order it is shown. Whoever watches something of its own adds it here. */
export const masterChecks: readonly Check<MasterView>[] = [
  {
    name: 'masters',
    look({ master: { masters } }) {
      const lines = masters.alive.map((id) => `${id} ${masters.versionOf(id) ?? 'version unknown'}`);
      const versions = new Set(masters.alive.flatMap((id) => masters.versionOf(id) ?? []));
      const detail = `${lines.length} alive`;
      if (versions.size <= 1) return { status: 'ok', detail, lines };
      const hint = 'Finish the upgrade: a list that one began and another goes on with may have gaps';
      return { status: 'warning', detail: `${detail}, of ${versions.size} versions`, hint, lines };
    },
  },
  {
    name: 'peels',
    look({ master: { fleet, presence } }) {
      return { status: 'ok', detail: `${presence.online} of ${fleet.size} online` };
    },
  },
  { name: 'stores', look: ({ master: { stores } }) => lookAtStores(stores) },
  {
    name: 'limits',
    look({ master: { fleet }, maxPayload }) {
      const { bytes, keys, everyMs } = fleet.limits;
      const { peel, operator } = roleLimits;
      return {
        status: 'ok',
        detail: 'what one of them may cost the others',
        lines: [
          `facts of a peel: ${bytes} bytes, ${keys} keys, looked at every ${durationText(everyMs)}`,
          `a message: ${maxPayload} bytes, of a peel ${most(peel.payload)}`,
          `a return of a peel: ${maxChunks} chunks; what no job asked for is removed`,
          `subscriptions: ${most(peel.subs)} of a peel, ${most(operator.subs)} of an operator`,
        ],
      };
    },
  },
  {
    name: 'facts',
    look({ master: { fleet } }) {
      const { used, most } = fleet.columns;
      const detail = `the index has ${used} columns of ${most}`;
      if (fleet.over.size > 0) {
        const lines = [...fleet.over].map(([peel, excess]) => `${toHuman(peel)}: ${excess}`);
        const hint = 'Look what fills the facts of these machines; to allow more: facts_max_bytes, facts_max_keys';
        return { status: 'problem', detail: `${fleet.over.size} over the limit, ${detail}`, hint, lines };
      }
      if (used < most) return { status: 'ok', detail };
      const hint = 'Names that are data, such as container ids, belong below one key: targets on facts are slower now';
      return { status: 'warning', detail, hint };
    },
  },
  {
    name: 'records',
    look({ master: { bad } }) {
      const sum = [...bad.counts.values()].reduce((a, b) => a + b, 0);
      if (sum === 0) return { status: 'ok', detail: 'all that were read are good' };
      const hint =
        'Find out who wrote them: only masters may, but for facts. What is named here is left out everywhere';
      const lines = bad.all.map(({ bucket, key, reason, instead }) => {
        return `${bucket} ${key}: ${reason}${instead === undefined ? '' : ` (${instead})`}`;
      });
      return { status: 'problem', detail: `${sum} bad`, hint, lines };
    },
  },
  {
    name: 'floods',
    look({ master: { sweep } }) {
      const { messages, bytes } = sweep.counts;
      const detail = `${messages} returns that no job asked for removed, ${bytes} bytes`;
      if (sweep.flooding.length === 0) return { status: 'ok', detail };
      const hint = 'These machines store what nobody asked for: look at them, or revoke them';
      return { status: 'problem', detail, hint, lines: sweep.flooding.map(toHuman) };
    },
  },
  {
    name: 'permissions',
    look({ refusals }) {
      if (refusals.count === 0) return { status: 'ok', detail: 'the servers refused this master nothing' };
      const hint =
        'The account on the servers is older than this master: run "zester nats-auth lint", restart a master';
      return { status: 'problem', detail: `${refusals.count} refused`, hint, lines: refusals.last };
    },
  },
  {
    name: 'requests',
    look({ master: { troubles } }) {
      const lines = [...troubles.counts].map(([code, count]) => `${code}: ${count}`);
      if (lines.length === 0) return { status: 'ok', detail: 'all were answered' };
      return { status: 'warning', detail: troubles.last ?? 'some were not answered', lines };
    },
  },
  {
    name: 'bugs',
    look({ bugs }) {
      if (bugs === undefined || bugs.count === 0) return { status: 'ok', detail: 'none met' };
      const hint = 'Report it with the log lines "Bug in Zester"';
      return { status: 'problem', detail: `${bugs.count} since the start; the last: ${bugs.last}`, hint };
    },
  },
];

const full = 0.9;

async function lookAtStores({ manager }: Master['stores']) {
  const [all, { limits, memory, storage }] = await Promise.all([
    Promise.all(storeNames.map(async ([name, stream]) => ({ name, info: await manager.streams.info(stream) }))),
    manager.getAccountInfo(),
  ]);
  const troubles: string[] = [];
  const lines = all.map(({ name, info: { config, state, cluster } }) => {
    const late = (cluster?.replicas ?? []).filter(({ current, offline }) => offline === true || !current);
    if (cluster !== undefined && config.num_replicas > 1 && !cluster.leader) troubles.push(`${name} has no leader`);
    if (late.length > 0) troubles.push(`${name}: ${late.map(({ name: copy }) => copy).join(', ')} not up to date`);
    if (config.max_bytes > 0 && state.bytes > full * config.max_bytes) troubles.push(`${name} is nearly full`);
    const limit = config.max_bytes > 0 ? ` of ${config.max_bytes}` : '';
    return `${name}: ${state.messages} records, ${state.bytes} bytes${limit}, ${config.num_replicas} copies`;
  });
  if (limits.max_storage > 0 && storage > full * limits.max_storage) troubles.push('the disk space is nearly used up');
  const detail = `${all.length} open, ${storage} bytes on disk${limits.max_storage > 0 ? ` of ${limits.max_storage}` : ''}, ${memory} in memory`;
  if (troubles.length === 0) return { status: 'ok', detail, lines } as const;
  const hint = 'Look at the NATS servers: their disks, and whether all of the cluster are up';
  return { status: 'problem', detail: `${detail}; ${troubles.join('; ')}`, hint, lines } as const;
}

const storeNames: readonly (readonly [name: string, stream: string])[] = [
  ...Object.values(buckets).map(({ name }) => [name, `KV_${name}`] as const),
  [returnsStream.name, returnsStream.name],
];

function most(limit: number): string {
  return limit < 0 ? 'no limit' : String(limit);
}
