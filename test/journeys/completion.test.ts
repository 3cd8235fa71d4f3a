import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import { testTerminal } from '../harness/terminal.ts';

test('peels and jobs of the fleet are completed', async () => {
  await using nats = await testNats();
  const statesDir = mkdtempSync(join(tmpdir(), 'zester-states-'));
  mkdirSync(join(statesDir, 'web'));
  for (const path of ['top.zy', 'web/init.zy', 'web/config.zy', 'db.zy']) writeFileSync(join(statesDir, path), '{}\n');
  await using master = await testMaster(nats, { statesDir });
  await using _web = await testPeel(nats, { id: 'web-01_example_com' });
  using alice = testTerminal(nats, nats.credentials.operator('alice'));
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const jid = (await alice.zester("'*' test.ping --async")).out.trim();

  assert.equal((await alice.zester("complete fish -- 'web'")).out, 'web-01.example.com\tpeel\n');
  await until(
    async () => (await alice.zester("complete fish -- web-01 state.apply 'd'")).out === 'db\tstate file\n',
    'the tree is known',
  );
  assert.equal(
    (await alice.zester("complete fish -- web-01 state.apply 'db,web.'")).out,
    'db,web.config\tstate file\n',
  );
  assert.match((await alice.zester("complete fish -- job kill ''")).out, new RegExp(`${jid}\ttest.ping on \\*: `));
});

test('a server that takes the connection and says nothing keeps nobody waiting', async () => {
  await using nats = await testNats();
  const open = new Set<Socket>();
  const silent = createServer((socket) => open.add(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  using alice = testTerminal(nats, nats.credentials.operator('alice'), `tls://127.0.0.1:${port}`);

  // It would wait for as long as a connection may take to be made: the deadline of the test is shorter.
  const { exit, out, err } = await alice.zester("complete fish -- 'jo'");

  assert.deepEqual([exit, out, err], [0, 'job\n', '']);
  for (const socket of open) socket.destroy();
  silent.close();
});
