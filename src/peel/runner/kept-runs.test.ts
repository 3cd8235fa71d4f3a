import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newJid } from '#base/ids.ts';
import { openRunStore } from './kept-runs.ts';

function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'zester-kept-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const entry = (id: string) => ({
  id,
  state: 'file.managed',
  args: { name: `/${id}` },
  changes: { contents: { from: undefined, to: 'secret' } },
});

function jids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => newJid(1_700_000_000_000 + index * 1_000));
}

test('what a run changed is kept as it happens, by whoever opens the store next', () => {
  using at = folder();
  const [jid = ''] = jids(1);
  const keep = openRunStore(at.path).begin({ jid, function: 'state.apply', at: 1 });
  keep(entry('a'));

  const half = openRunStore(at.path).run(jid);
  keep(entry('b'));
  const whole = openRunStore(at.path).run(undefined);

  assert.deepEqual(
    half?.entries.map(({ id }) => id),
    ['a'],
  );
  assert.deepEqual(
    whole?.entries.map(({ id }) => id),
    ['a', 'b'],
  );
  assert.equal(statSync(join(at.path, jid)).mode & 0o777, 0o600);
});

test('a run that changes nothing leaves nothing, and the oldest go', () => {
  using at = folder();
  const store = openRunStore(at.path);
  const all = jids(25);
  store.begin({ jid: newJid(1_600_000_000_000), function: 'state.apply', at: 0 });
  for (const jid of all) store.begin({ jid, function: 'state.apply', at: 0 })(entry('a'));

  assert.deepEqual(
    store.runs().map(({ jid }) => jid),
    all.slice(-20),
  );
});

test('what a crash left of a record is left out, and a damaged one is refused whole', () => {
  using at = folder();
  const store = openRunStore(at.path);
  const [jid = ''] = jids(1);
  const keep = store.begin({ jid, function: 'state.apply', at: 1 });
  keep(entry('a'));
  const { size } = statSync(join(at.path, jid));
  appendFileSync(join(at.path, jid), 'half a record');

  assert.deepEqual(
    store.run(jid)?.entries.map(({ id }) => id),
    ['a'],
  );
  truncateSync(join(at.path, jid), size - 7);
  assert.throws(() => store.run(jid), { code: 'RUN_RECORD_DAMAGED' });
  assert.deepEqual(store.runs(), []);
});

test('a run whose changes cannot be kept goes on, and is not kept by half', () => {
  using at = folder();
  const store = openRunStore(at.path);
  const [jid = ''] = jids(1);
  const keep = store.begin({ jid, function: 'state.apply', at: 1 });
  keep(entry('a'));
  rmSync(join(at.path, jid));
  mkdirSync(join(at.path, jid));

  keep(entry('b'));
  keep(entry('c'));

  assert.equal(store.run(jid), undefined);
});

test('a plan comes back whole', () => {
  using at = folder();
  const store = openRunStore(at.path);
  const [jid = ''] = jids(1);
  const step = { key: 'k', id: 'a', state: 'file.managed', result: 'would-change' as const, refreshed: false };
  const plan = {
    jid,
    at: 5,
    args: { mods: 'web' },
    steps: [{ ...step, changes: entry('a').changes, shown: {}, args: {} }],
  };
  store.keepPlan(plan);

  assert.equal(store.plan(jid)?.steps[0]?.changes.contents?.to, 'secret');
  assert.deepEqual(store.plan(jid)?.args, { mods: 'web' });
  assert.equal(store.plan(newJid()), undefined);
  assert.deepEqual(store.runs(), [], 'a plan is no run');
  assert.ok(readdirSync(at.path).includes('plans'));
});
