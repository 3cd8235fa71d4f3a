import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newJid } from '#base/ids.ts';
import { signRequest } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import type { JobSummary } from '#wire/job.ts';
import { jobRequest, until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Arena, openArena, sharedArena } from './support/arena.ts';
import { assertFleetWorks } from './support/fleet-works.ts';

/** Bad nights: what was accepted is done once, and told. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'five hundred jobs come as fast as they can be sent',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const file = join(arena.dir, 'rapid');
      // Four lanes and a queue of sixty-four: waves of forty are what a peel takes.
      const jids: string[] = [];
      for (let wave = 0; wave < 5; wave++) {
        const marked = await submit(arena, 40, (jid) => ({
          target: 'web-01',
          function: 'cmd.run',
          id: `echo ${jid} >> ${file}`,
        }));
        const pings = await submit(arena, 60, () => ({ target: '*', function: 'test.ping' }));
        jids.push(...marked, ...pings);
        await ended(arena, [...marked, ...pings]);
        const lines = linesOf(file);
        for (const jid of marked) assert.equal(lines.filter((line) => line === jid).length, 1, `${jid} ran not once`);
      }

      assert.equal(new Set(jids).size, 500);
      for (const { jid, state, returned, targets, succeeded } of await jobsOf(arena, jids)) {
        assert.deepEqual([jid, state, returned, succeeded], [jid, 'complete', targets, targets]);
      }
      assert.equal(linesOf(file).length, 200);
    },
  },
  {
    promise: 'held',
    name: 'two masters are killed in turn, again and again, while jobs run',
    quick: false,
    async run() {
      await using arena = await openArena({ masters: 2, peels: ['web-01', 'db-01'] });
      const file = join(arena.dir, 'turns');
      const all: string[] = [];
      for (let turn = 0; turn < 4; turn++) {
        const master = arena.masters[turn % 2];
        assert.ok(master);
        const jids = await submit(arena, 10, (jid) => ({
          target: '*',
          function: 'cmd.run',
          id: `sleep 0.3; echo ${jid} >> ${file}`,
        }));
        all.push(...jids);
        await master.kill();
        await master.restart();
      }

      await ended(arena, all);
      for (const { jid, state, returned } of await jobsOf(arena, all)) {
        assert.deepEqual([jid, state, returned], [jid, 'complete', 2]);
      }
      const lines = linesOf(file);
      for (const jid of all)
        assert.equal(lines.filter((line) => line === jid).length, 2, `${jid} ran not once on each`);
    },
  },
  {
    promise: 'held',
    name: 'a master is killed between keeping a job and sending it',
    quick: false,
    async run() {
      await using arena = await openArena({ masters: 2 });
      const file = join(arena.dir, 'between');
      const kept: string[] = [];
      for (let turn = 0; turn < 4; turn++) {
        const [first, second] = arena.masters;
        assert.ok(first && second);
        const requests = Array.from({ length: 15 }, () => {
          const jid = newJid();
          return jobRequest({
            jid,
            target: 'web-01',
            function: 'cmd.run',
            id: `echo ${jid} >> ${file}`,
            timeoutMs: 30_000,
          });
        });
        // Whoever is killed is in the middle of some of them: each time at another moment.
        for (const request of requests) arena.bus.publish(channels.dispatch, {}, signRequest(request, arena.admin));
        await arena.bus.flush();
        await new Promise((resolve) => setTimeout(resolve, turn * 7));
        await Promise.all([first.kill(), second.kill()]);
        await Promise.all([first.restart(), second.restart()]);
        const jids = requests.map(({ jid }) => jid);
        kept.push(...(await jobsOf(arena, jids)).map(({ jid }) => jid));
      }

      await ended(arena, kept, 60_000);
      const lines = linesOf(file);
      for (const { jid, state, returned } of await jobsOf(arena, kept)) {
        assert.deepEqual([jid, state, returned], [jid, 'complete', 1]);
      }
      for (const jid of kept) assert.equal(lines.filter((line) => line === jid).length, 1, `${jid} ran not once`);
    },
  },
  {
    promise: 'held',
    name: 'the NATS server is away while returns are made',
    quick: false,
    async run() {
      await using arena = await openArena({ peels: ['web-01', 'db-01'] });
      const file = join(arena.dir, 'away');
      const jids = await submit(arena, 4, (jid) => ({
        target: '*',
        function: 'cmd.run',
        id: `sleep 0.7; echo ${jid} >> ${file}; echo answered`,
        timeoutMs: 60_000,
      }));
      await arena.nats.kill();
      await until(() => linesOf(file).length === 8, 'all were made');
      await arena.nats.restart();

      await ended(arena, jids, 60_000);
      for (const { jid, state, returned } of await jobsOf(arena, jids)) {
        assert.deepEqual([jid, state, returned], [jid, 'complete', 2]);
      }
      assert.equal(linesOf(file).length, 8);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel is killed in the middle of a job',
    quick: true,
    async run() {
      await using arena = await openArena();
      const file = join(arena.dir, 'middle');
      const asked = await arena.dispatch({
        target: 'web-01',
        function: 'cmd.run',
        id: `echo $$ >> ${file}; exec sleep 5`,
        timeoutMs: 30_000,
      });
      await until(() => linesOf(file).length === 1, 'the job runs');
      await arena.peel('web-01').kill();
      await arena.peel('web-01').restart();
      await asked.done;

      const answer = asked.returns.get('web-01');
      assert.equal(answer?.status, 'interrupted');
      assert.equal(answer?.error?.code, 'JOB_INTERRUPTED');
      assert.equal(linesOf(file).length, 1, 'it was not run a second time');
      // What it ran has ended before the arena does.
      const [pid = ''] = linesOf(file);
      await until(() => !existsSync(`/proc/${pid}`), 'its command is over');
    },
  },
  {
    promise: 'held',
    name: 'a master is stopped with SIGSTOP for a while, and goes on as if nothing had been',
    quick: false,
    async run() {
      await using arena = await openArena({ masters: 2 });
      const [first] = arena.masters;
      assert.ok(first);
      const file = join(arena.dir, 'frozen');
      const jids = await submit(arena, 6, (jid) => ({
        target: 'web-01',
        function: 'cmd.run',
        id: `echo ${jid} >> ${file}`,
      }));
      first.freeze();
      // Some of these are given to the one that does not answer: whoever asked asks again.
      const more = await submit(arena, 6, (jid) => ({
        target: 'web-01',
        function: 'cmd.run',
        id: `echo ${jid} >> ${file}`,
      }));
      await ended(arena, [...jids, ...more], 30_000);
      first.thaw();
      await until(async () => (await arena.zester('ping')).code === 0, 'the fleet answers');

      const lines = linesOf(file);
      for (const jid of [...jids, ...more])
        assert.equal(lines.filter((line) => line === jid).length, 1, `${jid} ran not once`);
      await assertFleetWorks(arena, ['web-01']);
    },
  },
];

type Wish = Parameters<typeof jobRequest>[0];

/** Submits so many jobs at once, each again until a master has it, as whoever retries does. */
async function submit(arena: Arena, count: number, wish: (jid: string) => Wish): Promise<string[]> {
  const requests = Array.from({ length: count }, () => {
    const jid = newJid();
    return jobRequest({ jid, ...wish(jid) });
  });
  await Promise.all(
    requests.map(async (request) => {
      const signed = signRequest(request, arena.admin);
      await until(
        async () => {
          const asking = arena.bus.request(channels.dispatch, {}, signed, { timeoutMs: 1_000 });
          const reply = await asking.catch(() => undefined);
          assert.equal(reply?.error, undefined);
          return reply !== undefined;
        },
        'a master takes the job',
        30_000,
      );
    }),
  );
  return requests.map(({ jid }) => jid);
}

/** The records of these jobs, of those that have one. */
async function jobsOf(arena: Arena, jids: readonly string[]): Promise<readonly JobSummary[]> {
  const found: JobSummary[] = [];
  for (const jid of jids) {
    await until(async () => {
      const reply = await query(arena, jid).catch(() => undefined);
      if (reply?.job) found.push(reply.job);
      return reply !== undefined;
    }, `"${jid}" is told of`);
  }
  return found;
}

/** Of two masters one may be away: whoever asks again is answered by the other. */
function query(arena: Arena, jid: string) {
  return arena.bus.request(channels.jobReturns, {}, { jid, limit: 1 }, { timeoutMs: 1_000 });
}

async function ended(arena: Arena, jids: readonly string[], withinMs = 30_000): Promise<void> {
  const open = new Map<string, string>(jids.map((jid) => [jid, 'not looked at']));
  const look = async (jid: string) => {
    const { job } = await query(arena, jid);
    if (job !== undefined && job.state !== 'running') open.delete(jid);
    else open.set(jid, `${job?.state} with ${job?.returned} of ${job?.targets}`);
  };
  const deadline = performance.now() + withinMs;
  while (open.size > 0) {
    await Promise.all([...open.keys()].map((jid) => look(jid).catch(() => {})));
    if (performance.now() < deadline) continue;
    throw new Error(`not ended within ${withinMs} ms: ${[...open].map((each) => each.join(' is ')).join(', ')}`);
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
