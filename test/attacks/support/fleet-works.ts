import assert from 'node:assert/strict';
import type { Arena } from './arena.ts';

/** What every attack must leave as it was: a job reaches both peels of the arena, and its returns come back. */
export async function assertFleetWorks(arena: Arena, peels: readonly string[] = ['db-01', 'web-01']): Promise<void> {
  const { returns, statuses } = await arena.run(`L@${peels.join(',')}`, 'test.ping', { timeoutMs: 10_000 });
  assert.deepEqual([...returns.keys()].toSorted(), [...peels]);
  assert.equal(statuses.at(-1)?.state, 'complete');
}
