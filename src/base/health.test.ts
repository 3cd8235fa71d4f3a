import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawHttp } from '../../test/harness/raw-http.ts';
import { serveHealth } from './health.ts';

const options = { address: '127.0.0.1:0', component: 'test', checks: {}, metrics: [] };
const broken = () => {
  throw new Error('cannot look');
};

test('a check that cannot look is down, and a metric that cannot be read takes no other along', async () => {
  const fine = { name: 'fine', help: 'Fine', type: 'gauge' as const, values: () => [{ value: 7 }] };
  await using health = await serveHealth({
    ...options,
    checks: { good: () => ({ status: 'ok' }), bad: broken },
    metrics: [{ name: 'bad', help: 'Bad', type: 'gauge', values: broken }, fine],
  });
  const ask = (path: string) => rawHttp(health.port, [`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`], { tls: false });

  const [alive, ready, metrics] = [await ask('/healthz'), await ask('/readyz'), await ask('/metrics')];

  assert.deepEqual([alive.status, ready.status, metrics.status], [200, 503, 200]);
  assert.match(ready.text, /"good":\{"status":"ok"\},"bad":\{"status":"down","message":"cannot look"\}/);
  assert.match(metrics.text, /^fine 7$/m);
});

test('other methods, paths and bodies are refused', async () => {
  await using health = await serveHealth(options);
  const ask = (text: string) => rawHttp(health.port, [text], { tls: false });

  assert.equal((await ask('POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).status, 405);
  assert.equal((await ask('GET // HTTP/1.1\r\nHost: x\r\n\r\n')).status, 404);
  assert.equal((await ask('GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')).status, 413);
  assert.equal((await ask('HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).text.split('\r\n\r\n')[1], '');
});

test('an address that is taken is said', async () => {
  await using health = await serveHealth(options);

  await assert.rejects(serveHealth({ ...options, address: `127.0.0.1:${health.port}` }), {
    code: 'HEALTH_ADDRESS_TAKEN',
  });
});
