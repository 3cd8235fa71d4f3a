import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, systemClock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { runJob } from '#cli/run.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import type { Credentials } from '#trust/jwt.ts';
import { createKey } from '#trust/nkeys.ts';
import { signOrder, signRequest } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import type { JobRequest } from '#wire/job.ts';
import { openLab } from '../../bench/lab.ts';
import { dispatch, jobRequest, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { freeze, jobOf, killJob, operatorSession, returnsOf, seeded, trace, untilJob } from './support/night.ts';

const day = 86_400_000;

async function asker(nats: TestNats): Promise<{ bus: Bus; alice: Credentials } & AsyncDisposable> {
  const alice = nats.credentials.operator('alice');
  const bus = await testBus(nats, alice, 'alice');
  return { bus, alice, [Symbol.asyncDispose]: () => bus.close() };
}

/** A real master and a real peel, and one file that a job would leave. */
async function realFleet() {
  const lab = await openLab();
  try {
    await lab.startMaster();
    const peel = await lab.startPeel('web-01');
    const { bus, alice } = await asker(lab.nats);
    const close = async () => {
      await bus.close();
      await lab[Symbol.asyncDispose]();
    };
    return { lab, peel, bus, alice, mark: trace(lab.nats, 'ran'), [Symbol.asyncDispose]: close };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

function orderFor(nats: TestNats, operator: Credentials, request: JobRequest) {
  return signOrder(
    {
      request: signRequest(request, operator),
      operator: 'alice',
      issuedAt: Date.now(),
      deadline: Date.now() + request.timeoutMs,
      epoch: 1,
      peels: [request.target],
    },
    currentJobKey(nats.auth, Date.now()),
  ).for(0);
}

export const attacks: readonly Attack[] = [
  {
    promise: 'B12',
    name: 'a peel is stopped for longer than anybody waits, and goes on before its deadline',
    quick: false,
    async run() {
      await using fleet = await realFleet();
      const { bus, alice, mark } = fleet;
      const { nats } = fleet.lab;
      using frozen = freeze(fleet.peel);

      const wish = { target: 'web-01', function: 'cmd.run', id: mark.command, timeoutMs: 60_000 };
      const asked = await dispatch(nats, bus, alice, wish);
      const jid = asked.reply.jid ?? '';
      await until(() => asked.statuses.some(({ unreachable }) => unreachable.includes('web-01')), 'it is announced');
      await delay(2_000);
      const open = await jobOf(bus, jid);
      frozen.thaw();
      const job = await untilJob(bus, jid, ({ state }) => state !== 'running');

      assert.equal(open.state, 'running');
      assert.deepEqual([job.state, job.returned], ['complete', 1]);
      assert.equal(mark.exists, true);
    },
  },
  {
    promise: 'B12',
    name: 'a peel is stopped until the deadline has passed, and goes on then',
    quick: false,
    async run() {
      await using fleet = await realFleet();
      const { bus, alice, mark } = fleet;
      const { nats } = fleet.lab;
      using frozen = freeze(fleet.peel);

      const wish = { target: 'web-01', function: 'cmd.run', id: mark.command, timeoutMs: 2_000 };
      const { reply } = await dispatch(nats, bus, alice, wish);
      const job = await untilJob(bus, reply.jid ?? '', ({ state }) => state !== 'running');
      frozen.thaw();
      const later = await dispatch(nats, bus, alice, { target: 'web-01', function: 'cmd.run', id: 'true' });
      await later.done;

      assert.equal(job.state, 'timeout');
      assert.equal(later.returns.get('web-01')?.success, true);
      assert.equal(mark.exists, false, 'the job ran after its deadline');
    },
  },
  {
    promise: 'B12',
    name: 'a job is killed while its peel is stopped, with the order and the kill in its socket',
    quick: false,
    async run() {
      await using fleet = await realFleet();
      const { bus, alice, mark } = fleet;
      const { nats } = fleet.lab;
      using frozen = freeze(fleet.peel);

      const wish = { target: 'web-01', function: 'cmd.run', id: mark.command, timeoutMs: 60_000 };
      const { reply } = await dispatch(nats, bus, alice, wish);
      const jid = reply.jid ?? '';
      const killed = await killJob(bus, alice, jid);
      const open = await jobOf(bus, jid);
      frozen.thaw();
      const job = await untilJob(bus, jid, ({ state, returned }) => state !== 'running' && returned === 1);
      const later = await dispatch(nats, bus, alice, { target: 'web-01', function: 'cmd.run', id: 'true' });
      await later.done;

      assert.deepEqual([killed.state, killed.stopped, killed.silent], ['running', [], ['web-01']]);
      assert.equal(open.state, 'running', 'nobody knows yet that it is stopped');
      assert.equal(job.state, 'killed');
      assert.equal((await returnsOf(nats, bus, jid))[0]?.status, 'killed');
      assert.equal(mark.exists, false, 'a killed job ran');
    },
  },
  {
    promise: 'B12',
    name: 'the command line is asked to wait for a peel that is stopped',
    quick: false,
    async run() {
      await using fleet = await realFleet();
      using _frozen = freeze(fleet.peel);

      const { code, out } = fleet.lab.tryZester('web-01', 'cmd.run', 'true', '--timeout', '40s');

      assert.equal(code, 3);
      assert.match(out, /stays open until .*web-01 may still run it/);
      assert.match(out, /zester job kill/);
    },
  },
  {
    promise: 'B12',
    name: 'a return comes after its job was closed',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using _master = await testMaster(nats);
      await using ask = await asker(nats);
      const jid = await interruptedJob(nats, ask, async () => {});
      const job = await untilJob(ask.bus, jid, ({ returned }) => returned === 1);
      assert.deepEqual([job.state, job.late], ['failed', 1]);
    },
  },
  {
    promise: 'B12',
    name: 'a return comes after its job was closed, while every master is away',
    quick: false,
    async run() {
      await using nats = await testNats();
      const first = await testMaster(nats);
      await using ask = await asker(nats);
      const jid = await interruptedJob(nats, ask, async () => {
        await first[Symbol.asyncDispose]();
      });
      await using _second = await testMaster(nats);
      const job = await untilJob(ask.bus, jid, ({ returned }) => returned === 1);
      assert.deepEqual([job.state, job.late], ['failed', 1]);
    },
  },
  {
    promise: 'B12',
    name: 'a job that was closed without a peel is killed before that peel can have refused it',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      const peel = await testPeel(nats, { id: 'web-01' });
      await until(() => master.master.presence.online === 1, 'the peel is there');
      await peel[Symbol.asyncDispose]();
      const { reply } = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run', timeoutMs: 500 });
      const jid = reply.jid ?? '';
      await untilJob(ask.bus, jid, ({ state }) => state === 'timeout');

      const killed = await killJob(ask.bus, ask.alice, jid);

      assert.deepEqual([killed.error, killed.silent], [undefined, ['web-01']]);
      assert.equal((killed.until ?? 0) > Date.now(), true);
      assert.equal((await jobOf(ask.bus, jid)).state, 'running');
      await using _back = await testPeel(nats, { id: 'web-01' });
      await untilJob(ask.bus, jid, ({ state }) => state === 'killed');
    },
  },
  {
    promise: 'B13',
    name: 'a job is killed while its peel is away, and the master is started anew before the peel is back',
    quick: false,
    async run() {
      await using nats = await testNats();
      const first = await testMaster(nats);
      await using ask = await asker(nats);
      const { jid, dataDir } = await killedWhileAway(nats, ask, first);
      await first.bus.connection.close();
      await first[Symbol.asyncDispose]();
      await using second = await testMaster(nats);
      let runs = 0;
      await using peel = await testPeel(nats, { id: 'web-01', dataDir, run: async () => ({ success: ++runs > 0 }) });

      const job = await untilJob(ask.bus, jid, ({ state, returned }) => state === 'killed' && returned === 1);
      // The order at last, from whoever kept it: the ledger knows better.
      second.bus.publish(
        channels.command,
        { peel: 'web-01' },
        orderFor(nats, ask.alice, jobRequest({ jid, target: 'web-01', function: 'cmd.run' })),
      );
      await until(() => peel.peel.inbox.counts.duplicates === 1, 'the order came');

      assert.equal(job.killedBy, 'alice');
      assert.equal(runs, 0);
      rmSync(dataDir, { recursive: true });
    },
  },
  {
    promise: 'B13',
    name: 'two masters die one after the other while a kill waits for its peel',
    quick: false,
    async run() {
      await using nats = await testNats();
      const first = await testMaster(nats);
      const second = await testMaster(nats);
      await using ask = await asker(nats);
      const { jid, dataDir } = await killedWhileAway(nats, ask, first, second);
      for (const master of [first, second]) {
        await master.bus.connection.close();
        await master[Symbol.asyncDispose]();
      }
      await using _third = await testMaster(nats);
      let runs = 0;
      await using _peel = await testPeel(nats, { id: 'web-01', dataDir, run: async () => ({ success: ++runs > 0 }) });

      await untilJob(ask.bus, jid, ({ state, returned }) => state === 'killed' && returned === 1);

      assert.equal(runs, 0);
      rmSync(dataDir, { recursive: true });
    },
  },
  {
    promise: 'B13',
    name: 'a kill comes before its job, and the peel is started anew in between',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      const { jid, dataDir } = await killedWhileAway(nats, ask, master);
      let runs = 0;
      const options = { id: 'web-01', dataDir, run: async () => ({ success: ++runs > 0 }) };
      const first = await testPeel(nats, options);
      await untilJob(ask.bus, jid, ({ returned }) => returned === 1);
      await first.crash();
      await using second = await testPeel(nats, options);

      master.bus.publish(
        channels.command,
        { peel: 'web-01' },
        orderFor(nats, ask.alice, jobRequest({ jid, target: 'web-01', function: 'cmd.run' })),
      );
      await until(() => second.peel.inbox.counts.duplicates === 1, 'the order is known');

      assert.equal(runs, 0);
      rmSync(dataDir, { recursive: true });
    },
  },
  {
    promise: 'B15',
    name: 'the clock of a peel is a day ahead',
    quick: true,
    run: () => wrongClock(day, /its clock is 1 d ahead of the master's/),
  },
  {
    promise: 'B15',
    name: 'the clock of a peel is two hours behind',
    quick: true,
    run: () => wrongClock(-7_200_000, /its clock is 2 h behind the master's/),
  },
  {
    promise: 'B15',
    name: 'a machine is copied with its identity, and both copies are given work',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      const key = createKey('user');
      const ran: string[] = [];
      const copy = (name: string) =>
        testPeel(nats, {
          id: 'web-01',
          key,
          heartbeatMs: 300,
          run: async ({ jid }) => ({ success: ran.push(`${jid} ${name}`) > 0, value: name }),
        });
      const original = await copy('original');
      await until(() => master.master.presence.online === 1, 'the peel is there');
      await using clone = await copy('clone');
      const jids: string[] = [];
      const work = async (jobs: number) => {
        for (let job = 0; job < jobs; job++) {
          const { reply } = await dispatch(nats, ask.bus, ask.alice, {
            target: '*',
            function: 'cmd.run',
            timeoutMs: 5_000,
          });
          jids.push(reply.jid ?? '');
          await delay(100);
        }
      };

      await work(10);
      await until(() => clone.peel.isRefused, 'the copy is refused');
      await work(10);
      const { reply } = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run' });
      const { peels = [] } = await ask.bus.request(channels.peels, {}, {});
      const kept = ran.slice(-8);
      await original[Symbol.asyncDispose]();
      await until(() => !clone.peel.isRefused, 'the copy is alone, and welcome', 20_000);
      const alone = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run' });
      await alone.done;

      assert.equal(new Set(ran.map((each) => each.split(' ')[0])).size, ran.length, 'a job ran on both');
      assert.equal(
        kept.every((each) => each.endsWith(' original')),
        true,
      );
      assert.equal(original.peel.isRefused, false);
      assert.match(reply.warnings?.[0] ?? '', /two machines have this id/);
      assert.match(peels[0]?.warning ?? '', /two machines have this id/);
      assert.equal(alone.returns.get('web-01')?.value, 'clone');
    },
  },
  {
    promise: 'B15',
    name: 'a peel that crashes and starts again and again is taken for two machines',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      const key = createKey('user');
      using stack = new DisposableStack();
      const folder = mkdtempSync(join(tmpdir(), 'zester-lives-'));
      stack.defer(() => rmSync(folder, { recursive: true, force: true }));
      for (let life = 0; life < 4; life++) {
        const dataDir = join(folder, String(life));
        const peel = await testPeel(nats, { id: 'web-01', key, heartbeatMs: 100, dataDir });
        await until(() => master.master.presence.runOf('web-01') === peel.run, 'the master knows the new process');
        await peel.crash();
      }
      await using peel = await testPeel(nats, { id: 'web-01', key, heartbeatMs: 100 });
      await until(() => master.master.presence.runOf('web-01') === peel.run, 'the master knows the new process');

      const asked = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run' });
      await asked.done;

      assert.equal(asked.returns.get('web-01')?.success, true);
      assert.deepEqual([master.master.presence.doubled, peel.peel.isRefused], [0, false]);
    },
  },
  {
    promise: 'held',
    name: 'five hundred jobs are asked for as fast as they are taken',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      let runs = 0;
      await using _one = await testPeel(nats, { id: 'web-01', run: async () => ({ success: ++runs > 0 }) });
      await using _two = await testPeel(nats, { id: 'web-02', run: async () => ({ success: ++runs > 0 }) });
      await until(() => master.master.presence.online === 2, 'both peels are there');
      const requests = Array.from({ length: 500 }, () =>
        jobRequest({ target: '*', function: 'test.ping', timeoutMs: 60_000 }),
      );

      const submit = (request: JobRequest) =>
        ask.bus.request(channels.dispatch, {}, signRequest(request, ask.alice), { timeoutMs: 30_000 });
      const replies = await Promise.all(requests.map(submit));
      await until(() => master.master.activeJobs.size === 0, 'all jobs have ended', 60_000);

      assert.equal(replies.filter(({ error }) => error !== undefined).length, 0);
      const jobs = await Promise.all(requests.map(({ jid }) => jobOf(ask.bus, jid)));
      assert.deepEqual([...new Set(jobs.map(({ state, returned }) => `${state} ${returned}`))], ['complete 2']);
    },
  },
  {
    promise: 'held',
    name: 'one request is submitted twenty times at once to two masters',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using _other = await testMaster(nats);
      await using ask = await asker(nats);
      let runs = 0;
      await using _peel = await testPeel(nats, { id: 'web-01', run: async () => ({ success: ++runs > 0 }) });
      await until(() => master.master.fleet.size === 1, 'the peel is known');
      const request = jobRequest({ target: '*', function: 'cmd.run' });
      const signed = signRequest(request, ask.alice);

      const replies = await Promise.all(
        Array.from({ length: 20 }, () => ask.bus.request(channels.dispatch, {}, signed, { timeoutMs: 10_000 })),
      );
      const job = await untilJob(ask.bus, request.jid, ({ state }) => state !== 'running');

      assert.deepEqual([...new Set(replies.map(({ peels }) => peels?.join()))], ['web-01']);
      assert.deepEqual([job.state, runs], ['complete', 1]);
    },
  },
  {
    promise: 'B15',
    name: 'the broker is killed at a random moment of a submit, again and again',
    quick: false,
    async run() {
      // A late answer to a question from before the kill is refused by the new server: who asked has another connection.
      await using nats = await testNats({ refusals: true });
      await using master = await testMaster(nats);
      await using ask = await asker(nats);
      const runs = new Map<string, number>();
      const run = async ({ jid }: { jid: string }) => ({ success: Boolean(runs.set(jid, (runs.get(jid) ?? 0) + 1)) });
      await using _peel = await testPeel(nats, { id: 'web-01', run });
      await until(() => master.master.presence.online === 1, 'the peel is there');
      const random = seeded(7);
      const draft = { target: '*', function: 'cmd.run', args: {}, test: false, timeoutMs: 25_000 };

      for (let round = 0; round < 8; round++) {
        await using session = operatorSession(nats, ask.alice);
        await session.bus();
        const asked = runJob(draft, session, { detach: false });
        await delay(random() * 12);
        await nats.kill();
        await nats.restart();
        const { jid, results } = await asked;
        assert.deepEqual([results.map(({ status }) => status), runs.get(jid)], [['success'], 1], `round ${round}`);
      }

      await until(() => master.master.activeJobs.size === 0, 'no job is open', 40_000);
      const { jobs = [] } = await ask.bus.request(channels.jobs, {}, { limit: 100 });
      assert.deepEqual([...new Set(jobs.map(({ state }) => state))], ['complete']);
      assert.equal(Math.max(...runs.values()), 1, 'a job ran twice');
    },
  },
];

/** A job whose peel dies at work, and comes back when the job has long been closed. Gives the job's id. */
async function interruptedJob(nats: TestNats, ask: { bus: Bus; alice: Credentials }, closed: () => Promise<void>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'zester-peel-'));
  const first = await testPeel(nats, { id: 'web-01', dataDir, run: () => new Promise(() => {}) });
  await until(async () => (await ask.bus.request(channels.ping, {}, {})).peels === 1, 'the peel is known');
  const { reply } = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run', timeoutMs: 1_000 });
  const jid = reply.jid ?? '';
  await until(() => first.peel.inbox.busy === 1, 'the job runs');
  await first.crash();
  await untilJob(ask.bus, jid, ({ state }) => state === 'timeout');
  await closed();
  const second = await testPeel(nats, { id: 'web-01', dataDir });
  await second.peel.outbox.idle(AbortSignal.timeout(5_000));
  await second[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
  return jid;
}

type Masters = readonly Awaited<ReturnType<typeof testMaster>>[];

/** A job for a peel that is away, killed at once. */
async function killedWhileAway(nats: TestNats, { bus, alice }: { bus: Bus; alice: Credentials }, ...masters: Masters) {
  const dataDir = mkdtempSync(join(tmpdir(), 'zester-peel-'));
  const peel = await testPeel(nats, { id: 'web-01', dataDir });
  await until(() => masters.every(({ master }) => master.presence.online === 1), 'the peel is there');
  await peel[Symbol.asyncDispose]();
  await until(() => masters.every(({ master }) => master.presence.online === 0), 'the peel is away');
  const { reply } = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run', timeoutMs: 60_000 });
  const jid = reply.jid ?? '';
  const { silent } = await killJob(bus, alice, jid);
  assert.deepEqual(silent, ['web-01']);
  return { jid, dataDir };
}

async function wrongClock(skewMs: number, said: RegExp): Promise<void> {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using ask = await asker(nats);
  const clock = { ...systemClock, now: () => Date.now() + skewMs };
  await using _peel = await testPeel(nats, { id: 'web-01', clock });
  await until(() => master.master.presence.online === 1, 'the peel is there');
  const started = Date.now();

  const asked = await dispatch(nats, ask.bus, ask.alice, { target: '*', function: 'cmd.run', timeoutMs: 60_000 });
  await asked.done;
  const { peels = [] } = await ask.bus.request(channels.peels, {}, {});
  const job = await jobOf(ask.bus, asked.reply.jid ?? '');

  assert.equal(Date.now() - started < 2_500, true, 'the operator waits for what can be told at once');
  assert.match(asked.statuses.flatMap(({ refused = [] }) => refused)[0]?.message ?? '', said);
  assert.match(peels[0]?.warning ?? '', said);
  assert.match(asked.reply.warnings?.[0] ?? '', said);
  assert.deepEqual([job.state, job.refused?.[0]?.code], ['failed', 'CLOCK_OFF']);
  assert.equal(master.master.clocks.off, 1);
}
