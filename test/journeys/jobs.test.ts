import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import { testTerminal } from '../harness/terminal.ts';

test('jobs are found by who asked for them, by what became of them, by peel, by time, by a part of their id', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const run = async ({ function: called }: { function: string }) => ({
    success: called !== 'test.false',
    value: called,
  });
  await using _web = await testPeel(nats, { id: 'web-01', run });
  await using _db = await testPeel(nats, { id: 'db-01', run });
  using alice = testTerminal(nats, nats.credentials.operator('alice'));
  using bob = testTerminal(nats, nats.credentials.operator('bob'));
  await until(() => master.master.fleet.size === 2, 'both peels are known');

  await alice.zester("'*' test.ping");
  await bob.zester('web-01 test.false');
  const listed = async (flags: string) => {
    const { out, err } = await alice.zester(`job list ${flags} --json`);
    assert.equal(err, '');
    return (JSON.parse(out) as { function: string }[]).map((each) => each.function);
  };
  const all = JSON.parse((await bob.zester('job list --json')).out) as { jid: string; function: string }[];
  const ping = all.find((each) => each.function === 'test.ping')?.jid ?? assert.fail('it is listed');

  assert.deepEqual(await listed('--sort function'), ['test.false', 'test.ping']);
  assert.deepEqual(await listed('--sort -function'), ['test.ping', 'test.false']);
  assert.deepEqual(await listed('--user bob'), ['test.false']);
  assert.deepEqual(await listed('--state failed'), ['test.false']);
  assert.deepEqual(await listed('--target db-01'), ['test.ping']);
  assert.deepEqual(await listed("--target '*'"), ['test.ping']);
  assert.deepEqual((await listed('--since 1h')).length, 2);
  assert.deepEqual(await listed('--since 2999-01-01'), []);
  assert.match((await alice.zester('job list --columns user,function')).out, /^USER {2,}FUNCTION\n/);

  for (const part of [ping, ping.slice(-8), ping.slice(0, 26), 'last']) {
    assert.match((await alice.zester(`job show ${part}`)).out, new RegExp(`${ping}\n`), part);
  }
  assert.match((await bob.zester('job show last')).out, /test\.false/);
  assert.match((await alice.zester(`job show ${ping.slice(0, 4)}`)).err, /JID_AMBIGUOUS[\s\S]*test\.false on web-01/);
  assert.match((await alice.zester('job show zzzzzz')).err, /JID_UNKNOWN/);
  assert.match((await alice.zester('job show zzz')).err, /JID_SHORT/);

  assert.equal((await bob.zester('job show last --failed --json')).out.includes('"peel_id": "web-01"'), true);
  assert.doesNotMatch((await alice.zester('job show last --failed')).out, /web-01:/);
});

test('a job of somebody else can be waited for and followed', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const release = Promise.withResolvers<void>();
  const run = async ({ peel }: { peel: string }) => {
    if (peel === 'db-01') await release.promise;
    return { success: peel !== 'db-01', value: `from ${peel}` };
  };
  await using _web = await testPeel(nats, { id: 'web-01', run });
  await using _db = await testPeel(nats, { id: 'db-01', run });
  using alice = testTerminal(nats, nats.credentials.operator('alice'));
  using bob = testTerminal(nats, nats.credentials.operator('bob'));
  await until(() => master.master.fleet.size === 2, 'both peels are known');
  const jid = (await alice.zester("'*' test.sleep 1s --async")).out.trim();

  const waited = alice.zester('job wait last');
  let shown = '';
  const followed = bob.zester(`job follow ${jid.slice(-10)}`, (text) => {
    shown += text;
  });
  await until(() => shown.includes('from web-01'), 'one answer is shown');
  release.resolve();
  const [wait, follow] = await Promise.all([waited, followed]);

  assert.deepEqual([wait.exit, follow.exit], [2, 2]);
  assert.match(wait.out, new RegExp(`^Job ${jid} is failed\n`));
  assert.match(wait.out, /^2 peels: 1 succeeded, 0 changed, 1 failed, 0 unreachable in /m);
  assert.match(follow.out, /web-01:\n {4}from web-01\ndb-01:\n[\s\S]*Job \w+ is failed/);
});
