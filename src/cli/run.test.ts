import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as z from 'zod/mini';
import { createKey } from '#trust/nkeys.ts';
import { signReturn } from '#trust/peel-signatures.ts';
import type { RequestChannel } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { JobRequest, JobStatus, Return } from '#wire/job.ts';
import { Event, type EventName, eventLine } from './json/events.ts';
import type { JobDraft } from './parse.ts';
import { exitOfJob } from './report/job.ts';
import { plainStyle } from './report/style.ts';
import { runJob } from './run.ts';
import type { CliBus, Session } from './session.ts';

const draft: JobDraft = { target: '*', function: 'test.ping', args: {}, test: false, timeoutMs: 200 };
const kept = { detach: false, keep: true };
const answer = (peel: string, more: Partial<Return> = {}): Partial<Return> & { peel: string } => ({
  peel,
  success: true,
  value: true,
  ...more,
});

test('returns are shown as they come, each peel once', async () => {
  const fleet = fakeFleet({
    peels: ['b_x', 'a'],
    returns: [answer('b_x'), answer('a'), answer('b_x', { value: 'again' })],
  });

  const report = await runJob(draft, fleet.session, kept);

  assert.deepEqual(
    report.results.map(({ peel, status }) => `${peel} ${status}`),
    ['a success', 'b.x success'],
  );
  assert.equal(fleet.out(), 'b.x:\n    true\na:\n    true\n');
  assert.equal(exitOfJob(report), 0);
  assert.equal(fleet.requests[0]?.jid, report.jid);
});

test('peels that say nothing are named after deadline and grace, others at once', async () => {
  const fleet = fakeFleet({
    peels: ['a', 'b', 'c'],
    returns: [answer('a', { success: false, value: undefined })],
    status: { state: 'running', unreachable: ['b'] },
  });

  const report = await runJob(draft, fleet.session, { ...kept, graceMs: 50 });

  assert.deepEqual(
    report.results.map(({ peel, status, reason = '' }) => [peel, status, reason.slice(0, 11)]),
    [
      ['a', 'failed', ''],
      ['b', 'unreachable', 'it is away,'],
      ['c', 'unreachable', 'no return w'],
    ],
  );
  assert.match(fleet.err(), /Timeout: received 1\/3 returns for job \w+ within \d+ms \(--timeout\)/);
  assert.equal(exitOfJob(report), 4);
});

test('all unreachable ends before the deadline, and a return beats "unreachable"', async () => {
  const fleet = fakeFleet({
    peels: ['a', 'b'],
    returns: [answer('b')],
    status: { state: 'running', unreachable: ['a', 'b'] },
  });
  const report = await runJob({ ...draft, timeoutMs: 60_000 }, fleet.session, kept);

  assert.equal(exitOfJob(report), 3);
  assert.equal(report.results.find(({ peel }) => peel === 'b')?.status, 'success');
});

test('a return nobody heard is read from the store when the job is over', async () => {
  const fleet = fakeFleet({
    peels: ['a'],
    stored: [answer('a', { value: 'kept' })],
    status: { state: 'complete', unreachable: [] },
  });

  const report = await runJob({ ...draft, timeoutMs: 60_000 }, fleet.session, kept);

  assert.equal(report.results[0]?.return?.value, 'kept');
});

test('what its key did not sign is that peel’s refusal, and spoils no other', async () => {
  const fleet = fakeFleet({ peels: ['a', 'b'], returns: [answer('a', { jid: 'another' }), answer('b')] });

  const { results } = await runJob(draft, fleet.session, kept);

  assert.deepEqual(
    results.map(({ peel, status, return: returned }) => [peel, status, returned?.error?.code]),
    [
      ['a', 'failed', 'RETURN_MISPLACED'],
      ['b', 'success', undefined],
    ],
  );
});

test('chunks that are not those a return names are not shown as its value', async () => {
  const rest = { chunks: 1, bytes: 3, sha256: Buffer.alloc(32) };
  const fleet = fakeFleet({ peels: ['a'], returns: [answer('a', { rest })], chunks: [encode({ value: 'forged' })] });

  const { results } = await runJob(draft, fleet.session, kept);

  assert.equal(results[0]?.return?.error?.code, 'RETURN_DAMAGED');
});

test('a large return is put together from its parts', async () => {
  const whole = encode({ value: 'x'.repeat(100) });
  const sha256 = createHash('sha256').update(whole).digest();
  const fleet = fakeFleet({
    peels: ['a'],
    returns: [answer('a', { value: undefined, rest: { chunks: 2, bytes: whole.length, sha256 } })],
    chunks: [whole.subarray(0, 50), whole.subarray(50)],
  });

  const report = await runJob(draft, fleet.session, kept);

  assert.equal(report.results[0]?.return?.value, 'x'.repeat(100));
});

test('nothing matched is an error of its own', async () => {
  await assert.rejects(runJob(draft, fakeFleet({ peels: [] }).session, kept), { code: 'NOTHING_MATCHED' });
});

test('a detached job leaves its id', async () => {
  const report = await runJob(draft, fakeFleet({ peels: ['a'] }).session, { detach: true });

  assert.equal(report.ended, 'detached');
  assert.deepEqual(report.results, []);
});

test('Ctrl-C kills, waits or leaves, as the person says', async () => {
  const cases = [
    ['k', 'killed', 130, 1],
    ['l', 'left', 130, 0],
    [undefined, 'left', 130, 0],
  ] as const;
  for (const [said, ended, exit, kills] of cases) {
    const fleet = fakeFleet({ peels: ['a', 'b'], interrupt: true, said, stopped: ['a'] });

    const report = await runJob({ ...draft, timeoutMs: 60_000 }, fleet.session, kept);

    assert.deepEqual([report.ended, exitOfJob(report), fleet.kills()], [ended, exit, kills]);
    // Who was stopped says so; who is at work, or was not told yet, is not called unreachable.
    assert.deepEqual(
      report.results.map(({ peel, status, return: returned }) => [peel, returned?.status ?? status]),
      [
        ['a', kills > 0 ? 'killed' : 'pending'],
        ['b', 'pending'],
      ],
    );
  }
  const waited = fakeFleet({ peels: ['a'], interrupt: true, said: 'w' });
  assert.equal((await runJob(draft, waited.session, { ...kept, graceMs: 0 })).ended, 'deadline');
});

test('a person who watches sees how far each peel is', async () => {
  const fleet = fakeFleet({
    peels: ['web-01', 'web-02'],
    progress: { peel: 'web-01', done: 3, total: 40, text: 'file.managed site: changed' },
    returns: [answer('web-01'), answer('web-02')],
  });

  await runJob({ ...draft, timeoutMs: 60_000 }, fleet.session, kept);

  assert.match(fleet.shown(), /0\/2 · slowest web-02 \(\d+s\)/);
  assert.match(fleet.shown(), /1\/2 · slowest web-01 \(\d+s\) 3\/40 file\.managed site: changed/);
});

test('a program that reads events is told each thing once, and no answer is kept for it', async () => {
  const fleet = fakeFleet({
    peels: ['a', 'b', 'c'],
    returns: [answer('a', { value: { someKey: 1 } }), answer('b', { success: false })],
    status: { state: 'running', unreachable: ['c'] },
    streams: true,
  });

  const { jid, results } = await runJob(draft, fleet.session, { detach: false });

  assert.deepEqual(
    fleet.events.map(({ event, peel_id, status, value }) => [event, peel_id, status, value].filter(Boolean)),
    [
      ['dispatched'],
      ['return', 'a', 'success', { someKey: 1 }],
      ['return', 'b', 'failed', true],
      ['return', 'c', 'unreachable'],
      ['finished'],
    ],
  );
  const { took_ms, open_until, ...last } = fleet.events.at(-1) ?? {};
  assert.equal(typeof took_ms, 'number');
  assert.deepEqual([open_until, results], [undefined, []]);
  assert.deepEqual(last, {
    event: 'finished',
    time: '1970-01-01T00:00:00.000Z',
    jid,
    ended: 'open',
    succeeded: 1,
    changed: 0,
    failed: 1,
    unreachable: 1,
    pending: 0,
    exit_code: 4,
  });
  for (const each of fleet.events) assert.ok(z.safeParse(Event, each).success, JSON.stringify(each));
});

interface Fleet {
  readonly peels: readonly string[];
  /** Said by a peel of a job that seems to take long; the returns come once a person was shown it. */
  readonly progress?: { readonly peel: string; readonly done: number; readonly total: number; readonly text: string };
  readonly returns?: readonly (Partial<Return> & { peel: string })[];
  readonly stored?: readonly (Partial<Return> & { peel: string })[];
  readonly status?: Omit<JobStatus, 'jid'>;
  readonly chunks?: readonly Uint8Array[];
  readonly interrupt?: boolean;
  readonly said?: string | undefined;
  /** Peels that stop when they are told to. */
  readonly stopped?: readonly string[];
  /** Read by a program, event by event. */
  readonly streams?: boolean;
}

/** A session whose master and peels are the given answers. */
function fakeFleet({ peels, progress, returns = [], stored = [], status, chunks = [], ...how }: Fleet) {
  const { interrupt, said, stopped = [], streams = false } = how;
  const events: Record<string, unknown>[] = [];
  const requests: JobRequest[] = [];
  let [out, err, shown, kills] = ['', '', '', 0];
  const listeners = new Map<unknown, (message: { body: unknown; address?: unknown }) => void>();
  const key = createKey('user');
  const storedAs = (jid: string, each: Partial<Return> & { peel: string }) => {
    const body = encode({ v: 1, jid, status: 'done', startedAt: 0, ms: 1, ...each });
    return { peel: each.peel, payload: encode(signReturn(body, { jid, peel: each.peel }, key.seed)) };
  };
  const hearing = new Map<unknown, (address: { peel: string }, payload: Uint8Array) => void>();
  const answerAll = (some = returns) => {
    const jid = requests.at(-1)?.jid as string;
    for (const each of some) hearing.get(channels.returned)?.(each, storedAs(jid, each).payload);
  };
  const answerNext = (peel: string) => answerAll(returns.filter((each) => each.peel === peel));
  let looks = 0;
  const replies = new Map<unknown, (body: never) => unknown>([
    [
      channels.dispatch,
      () => {
        const jid = requests.at(-1)?.jid as string;
        setTimeout(() => {
          const { peel, ...how } = progress ?? {};
          if (progress) listeners.get(channels.progress)?.({ body: { jid, ...how }, address: { jid, peel } });
          else answerAll();
          if (status) listeners.get(channels.status)?.({ body: { jid, ...status } });
        });
        return { jid, peels };
      },
    ],
    [
      channels.jobReturns,
      ({ jid }: { jid: string }) => ({ peels, returns: stored.map((each) => storedAs(jid, each)) }),
    ],
    [channels.peelKeys, ({ peels: asked }: { peels: string[] }) => ({ keys: asked.map(() => [key.publicKey]) })],
    [channels.jobChunk, ({ index }: { index: number }) => ({ chunk: chunks[index] })],
    [
      channels.jobKill,
      () => {
        kills++;
        const killed = { success: false, status: 'killed' } as const;
        setTimeout(() => answerAll(stopped.map((peel) => answer(peel, killed))));
        return { stopped, silent: peels.filter((peel) => !stopped.includes(peel)) };
      },
    ],
  ]);
  const bus = {
    listen(channel: unknown, _address: unknown, callback: (message: { body: unknown; address?: unknown }) => void) {
      listeners.set(channel, callback);
      return { malformed: 0, close() {}, [Symbol.dispose]() {} };
    },
    subscribe(channel: unknown, _address: unknown, callback: (address: { peel: string }, payload: Uint8Array) => void) {
      hearing.set(channel, callback);
      return { malformed: 0, close() {}, [Symbol.dispose]() {} };
    },
  } as unknown as CliBus;
  const session = {
    format: 'text',
    streams,
    emit(name: EventName, fields: object) {
      events.push(JSON.parse(eventLine(name, fields, 0)) as Record<string, unknown>);
    },
    style: plainStyle,
    terminal: progress !== undefined,
    // A job with progress is one that takes long: a second passes whenever somebody looks.
    clock: { now: () => Date.now(), monotonic: () => performance.now() + (progress ? looks++ * 1_000 : 0) },
    write: (text: string) => {
      out += text;
    },
    note: (text: string) => {
      err += text;
    },
    progress(text = '') {
      shown += text;
      if (text.includes('slowest web-02')) answerNext('web-02');
      if (text.includes('3/40')) answerNext('web-01');
    },
    bus: async () => bus,
    ask: async (channel: RequestChannel, body: never) => replies.get(channel)?.(body),
    sign: async (_kind: string, request: JobRequest) => {
      requests.push(request);
      return { request: new Uint8Array(), jwt: '', signature: new Uint8Array() };
    },
    onInterrupt(callback: () => void) {
      if (interrupt) setTimeout(callback, 20);
      return { [Symbol.dispose]() {} };
    },
    question: async () => said,
  } as unknown as Session;
  return { session, requests, events, out: () => out, err: () => err, shown: () => shown, kills: () => kills };
}
