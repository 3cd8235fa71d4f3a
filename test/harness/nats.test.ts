import assert from 'node:assert/strict';
import { connect as openSocket } from 'node:net';
import { test } from 'node:test';
import { connect as openTls } from 'node:tls';
import { connect } from '@nats-io/transport-node';
import { testNats } from './nats.ts';

test('a master and a peel meet on a test server, which says what it refused', async () => {
  await using nats = await testNats();
  await using peel = await connect(nats.options(nats.credentials.peel('web-01')));
  await using operator = await connect(nats.options(nats.credentials.operator('alice')));
  await using master = await connect(nats.options(nats.credentials.master));
  master.subscribe('zester.ping', { callback: (_, message) => void message.respond('here') });
  await master.flush();

  peel.publish('zester.dispatch', 'not mine to send');
  await peel.flush();
  const answer = await operator.request('zester.ping', '', { timeout: 5_000 });

  assert.equal(answer.string(), 'here');
  assert.deepEqual(nats.permissionViolations(), ['publish "zester.dispatch" by "web-01"']);
});

test('a test server that was killed comes back on the same port', async () => {
  await using nats = await testNats();
  const options = nats.options(nats.credentials.master);
  await (await connect(options)).close();

  await nats.kill();
  await assert.rejects(connect({ ...options, maxReconnectAttempts: 0, reconnect: false }));
  await nats.restart();

  await (await connect(options)).close();
});

test('a test server speaks TLS 1.3 and nothing else', async () => {
  await using nats = await testNats();
  const { hostname: host, port } = new URL(nats.url);

  await assert.rejects(handshake({ host, port: Number(port), ca: nats.ca, maxVersion: 'TLSv1.2' }));
  assert.equal(await handshake({ host, port: Number(port), ca: nats.ca }), 'TLSv1.3');
});

test('a test server leaves nothing behind', async () => {
  const nats = await testNats();
  const { hostname, port } = new URL(nats.url);

  await nats[Symbol.asyncDispose]();

  const socket = openSocket(Number(port), hostname);
  await assert.rejects(new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject)));
});

function handshake(options: {
  host: string;
  port: number;
  ca: string;
  maxVersion?: 'TLSv1.2';
}): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = openTls(options, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}
