import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '#base/log.ts';
import { systemClock } from '#base/time.ts';
import type { RunRequest } from '../shared/run-protocol.ts';
import { localTree } from '../shared/tree.ts';
import { openContainment } from './containment.ts';
import { createLane, type Lane } from './lane.ts';

const framesModule = fileURLToPath(new URL('../shared/frames.ts', import.meta.url));

/** A runner that does what the function's name says. */
const program = `
import { readFrames, toFrame } from ${JSON.stringify(framesModule)};
const send = (message) => process.stdout.write(toFrame(message));
const done = (value) => send({ kind: 'result', result: { success: true, value } });
process.stdin.on('end', () => process.exit(0));
readFrames(process.stdin, { refuse() {}, take: (command) => {
  if (command.kind === 'stop') return done('stopped in order: ' + command.reason);
  const { request } = command;
  if (request.function === 'pid') done(process.pid);
  if (request.function === 'crash') process.exit(3);
  if (request.function === 'progress') { send({ kind: 'progress', done: 1, total: 2 }); done('ok'); }
  if (request.function === 'deaf') { for (;;); }
} });
`;

function testLane({ width = 1, warmMs = 10_000, graceMs = 50 } = {}): { lane: Lane } & AsyncDisposable {
  const folder = mkdtempSync(join(tmpdir(), 'zester-runner-'));
  const file = join(folder, 'runner.ts');
  writeFileSync(file, program);
  const containment = openContainment({ peel: 'web-01', dataDir: folder });
  const lane = createLane({ command: [process.execPath, file], width, warmMs, graceMs, containment, log: silentLog });
  return {
    lane,
    async [Symbol.asyncDispose]() {
      await lane.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function request(name: string, deadlineInMs = 10_000): RunRequest {
  const dueAt = systemClock.monotonic() + deadlineInMs;
  return {
    jid: name,
    function: name,
    args: {},
    test: false,
    dueAt,
    timeoutMs: deadlineInMs,
    peel: 'web-01',
    facts: {},
    settings: {},
    tree: localTree('/'),
  };
}

const quiet = () => {};

test('a runner is kept warm for the next request', async () => {
  await using at = testLane();

  const first = await at.lane.run(request('pid'), quiet).end;
  const second = await at.lane.run(request('pid'), quiet).end;

  assert.equal(first.status, 'done');
  assert.equal(first.result.value, second.result.value);
});

test('requests of one lane wait for each other', async () => {
  await using at = testLane();
  const works = [request('pid'), request('pid'), request('pid')].map((each) => at.lane.run(each, quiet));

  assert.equal(at.lane.depth, 3);
  const pids = (await Promise.all(works.map(({ end }) => end))).map(({ result }) => result.value);

  assert.equal(new Set(pids).size, 1);
  assert.equal(at.lane.depth, 0);
});

test('a runner that crashes costs its request, and the next gets a new one', async () => {
  await using at = testLane();

  const crashed = await at.lane.run(request('crash'), quiet).end;
  const next = await at.lane.run(request('pid'), quiet).end;

  assert.equal(crashed.result.error?.code, 'RUNNER_DIED');
  assert.match(crashed.result.error?.message ?? '', /exit code 3/);
  assert.equal(next.result.success, true);
});

test('progress is passed on before the result', async () => {
  await using at = testLane();
  const seen: number[] = [];

  const { result } = await at.lane.run(request('progress'), ({ done }) => seen.push(done)).end;

  assert.deepEqual(seen, [1]);
  assert.equal(result.value, 'ok');
});

test('work that is over its deadline is told to stop, and may still say what it did', async () => {
  await using at = testLane({ graceMs: 5_000 });

  const { status, result } = await at.lane.run(request('waits', 30), quiet).end;

  assert.equal(status, 'expired');
  assert.equal(result.value, 'stopped in order: expired');
  assert.match(result.error?.message ?? '', /the timeout of 30ms passed and nothing it had started was left/);
  assert.match(result.error?.hint ?? '', /--timeout/);
});

test('work that does not listen is ended', async () => {
  await using at = testLane({ graceMs: 50 });
  const work = at.lane.run(request('deaf'), quiet);

  work.kill();
  const { status, result } = await work.end;

  assert.equal(status, 'killed');
  assert.equal(result.error?.code, 'JOB_KILLED');
});

test('a waiting request can be killed before it starts', async () => {
  await using at = testLane();
  const first = at.lane.run(request('waits', 60), quiet);
  const second = at.lane.run(request('pid'), quiet);

  second.kill();

  assert.equal((await second.end).status, 'killed');
  assert.equal((await first.end).status, 'expired');
});
