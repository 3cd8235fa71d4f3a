import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connectBus } from '#bus/connect.ts';
import { openStores } from '#bus/stores.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import { testNats } from '../../test/harness/nats.ts';

await using nats = await testNats();
const as = (credentials: any, name: string) => connectBus({ servers: [nats.url], ca: nats.ca, credentials: formatCredentials(credentials), name, retry: false });
const master = await as(nats.credentials.master, 'master');
await openStores(master);
const peel = await as(nats.credentials.peel('web-01_example_com'), 'peel');
master.serve(channels.ping, async () => ({ master: 'm1', version: '0.1.0', peels: 1, online: 1, now: Date.now() }));
master.serve(channels.resolve, async ({ target }) => ({ peels: ['web-01_example_com'], reading: target }));
master.serve(channels.jobs, async () => ({ jobs: [{ jid: '2xYkQbZ1fGm5n8pR0sT3uVwXyZa', function: 'test.ping', args: {}, target: '*', targets: 1, state: 'complete' as const, test: false, operator: 'admin', created: Date.now() - 5000, deadline: 0, returned: 1, succeeded: 1 }] }));
const pending: any[] = [];
master.serve(channels.jobReturns, async ({ jid }) => ({ job: { jid, function: 'test.ping', args: {}, target: '*', targets: 1, state: 'running' as const, test: false, operator: 'admin', created: Date.now(), deadline: 0, returned: 0, succeeded: 0 }, peels: ['web-01_example_com'], returns: [] }));
master.serve(channels.jobKill, async () => ({ jid: 'x', state: 'killed' as const, stopped: ['web-01_example_com'], silent: [] }));
master.serve(channels.dispatch, async ({ request }) => {
  const job = decode(request) as any;
  if (job.target === 'none*') return { jid: job.jid, peels: [] };
  const ret = { v: 1, jid: job.jid, peel: 'web-01_example_com', status: 'done', success: job.function !== 'test.fail', value: job.function === 'test.ping' ? true : job.args, startedAt: Date.now(), ms: 3 };
  if (job.function !== 'test.silent') setTimeout(() => void peel.store(`zester.job.${job.jid}.return.web-01_example_com`, encode(ret), { id: `${job.jid}` }), job.function === 'test.slow' ? 6000 : 0);
  return { jid: job.jid, peels: ['web-01_example_com', ...(job.target === 'two' ? ['db-02'] : [])], deadline: Date.now() + job.timeoutMs };
});
writeFileSync('/tmp/e2e/admin.creds', formatCredentials(nats.credentials.operator()), { mode: 0o600 });
writeFileSync('/tmp/e2e/ca.pem', nats.ca);
const env = { ...process.env, NATS_URL: nats.url, NATS_CA_FILE: '/tmp/e2e/ca.pem', ZESTER_CREDS: '/tmp/e2e/admin.creds' };
const run = (args: string[]) => new Promise<{ code: number; ms: number; out: string }>((resolve) => {
  const s = performance.now();
  const child = spawn('/tmp/zb/zester', args, { env });
  let out = '';
  child.stdout.on('data', (d) => { out += d; });
  child.stderr.on('data', (d) => { out += d; });
  child.on('close', (code) => resolve({ code: code ?? -1, ms: performance.now() - s, out }));
});
for (const args of [['web*', 'test.ping'], ['web', 'test.echo', 'hello', 'x=[1,2]', 'y=@@me'], ['web', 'test.ping', '--json'], ['web', 'test.ping', '--yaml'], ['none*', 'test.ping'], ['two', 'test.ping', '--timeout', '1s'], ['x', 'test.fail'], ['x', 'test.ping', '--async'], ['nope', 'test.slow'], ['ping', '--creds', '/dev/null'], ['ping'], ['target', '*'], ['job', 'list'], ['peel', 'show', 'x'], ['job', 'kill', '2xYkQbZ1fGm5n8pR0sT3uVwXyZa']]) {
  const { code, ms, out } = await run(args);
  console.log(`$ zester ${args.join(' ')}   → ${code} in ${ms.toFixed(0)}ms\n${out}`);
}
const times: number[] = [];
for (let i = 0; i < 3; i++) times.push((await run(['web*', 'test.ping'])).ms);
times.sort((a, b) => a - b);
console.log('ping p50', times[20], 'min', times[0], 'p95', times[37]);
await peel.close();
await master.close();
