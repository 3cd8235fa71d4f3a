import { ksuid } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { openStores } from '#bus/stores.ts';
import { openEnrollments } from '#master/enroll/enrollments.ts';
import { buckets } from '#wire/stores.ts';
import { testBus } from './fleet.ts';
import type { TestNats } from './nats.ts';

/** Writes down that these peels are enrolled with the keys they were given, for masters that run as processes of their own. */
export async function recordMembers(nats: TestNats, peels: readonly string[]): Promise<void> {
  await using bus = await testBus(nats, nats.credentials.master, 'members', false);
  const { kv } = await openStores(bus, { replicas: 1 });
  using enrollments = await openEnrollments({ store: kv(buckets.enrollments), log: silentLog });
  const now = Date.now();
  const record = async (peel: string) => {
    const id = `enr-${ksuid(now)}`;
    const [key = ''] = nats.keysOf(peel).slice(-1);
    const rest = { key, curveKey: '', source: '127.0.0.1', trust: 'ok', createdAt: now, updatedAt: now } as const;
    await enrollments.add({ v: 1, id, peel, state: 'active', ...rest });
    await enrollments.claim(peel, id);
  };
  await Promise.all(peels.map(record));
}
