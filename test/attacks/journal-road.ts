import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MixedMap } from '#base/mixed-map.ts';
import { systemClock } from '#base/time.ts';
import { openJournal } from '#peel/resident/journal.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import { signOrder, signRequest } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import type { Return, SignedOrder } from '#wire/job.ts';
import { envelopeBytes, returnBytes } from '#wire/limits.ts';
import { steppedClock } from '../harness/clock.ts';
import { dispatch, jobRequest, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { disk, flipped } from './support/disk.ts';

const hour = 3_600_000;

/** An order as a master makes it: it can be sent again and again. */
function orderFor(nats: TestNats, peel: string): { readonly jid: string; readonly order: SignedOrder } {
  const request = jobRequest({ target: peel, function: 'cmd.run', timeoutMs: 600_000 });
  const now = Date.now();
  const parts = { operator: 'alice', issuedAt: now, deadline: now + 600_000, epoch: 1, peels: [peel] };
  const signed = signRequest(request, nats.credentials.operator('alice'));
  return { jid: request.jid, order: signOrder({ request: signed, ...parts }, currentJobKey(nats.auth, now)).for(0) };
}

/** Runs a job, lets somebody at the journal of the dead peel, and sends the order again: how often did it run? */
async function runsAfter(
  harm: (path: string) => void,
  options: { readonly clock?: ReturnType<typeof steppedClock>; readonly between?: () => void } = {},
): Promise<number> {
  const { clock = steppedClock(), between } = options;
  await using nats = await testNats();
  await using master = await testMaster(nats);
  using at = disk();
  let runs = 0;
  const run = async () => {
    runs++;
    return { success: true };
  };
  const life = () => testPeel(nats, { id: 'web-01', dataDir: at.path, run, clock });
  const { order } = orderFor(nats, 'web-01');
  const first = await life();
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  await until(() => runs === 1 && first.peel.inbox.busy === 0, 'the job ran');
  await first.crash();

  harm(join(at.path, 'jobs.journal'));
  between?.();
  await using second = await life();
  const { counts } = second.peel.inbox;
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  await until(() => counts.refused + counts.duplicates + counts.accepted > 0, 'the order was looked at');
  await until(() => second.peel.inbox.busy === 0, 'nothing is at work');
  return runs;
}

export const attacks: readonly Attack[] = [
  {
    promise: 'B14',
    name: 'a byte of the journal of a dead peel is flipped, and the order comes again',
    quick: true,
    async run() {
      const harms: ((bytes: Buffer) => Buffer)[] = [
        (bytes) => flipped(bytes, 1_024 + 30),
        (bytes) => flipped(bytes, 20),
        (bytes) => bytes.subarray(0, 1_050),
        () => Buffer.alloc(0),
      ];
      for (const harm of harms) {
        const runs = await runsAfter((path) => writeFileSync(path, harm(readFileSync(path))));
        assert.equal(runs, 1, String(harm));
      }
    },
  },
  {
    promise: 'B14',
    name: 'the disk of a peel is full, and has room again: new work is refused, old work answered, no restart needed',
    quick: true,
    async run() {
      if (process.getuid?.() !== 0) return;
      await using nats = await testNats();
      await using master = await testMaster(nats);
      using at = disk();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at.path]);
      try {
        const { promise: released, resolve: release } = Promise.withResolvers<void>();
        const started: string[] = [];
        const run = async ({ jid }: { readonly jid: string }) => {
          started.push(jid);
          if (started.length === 1) await released;
          return { success: true, value: 'x'.repeat(5_000) };
        };
        await using peel = await testPeel(nats, { id: 'web-01', dataDir: at.path, run });
        const alice = nats.credentials.operator('alice');
        await using bus = await testBus(nats, alice, 'alice', false);
        await until(() => master.master.fleet.size === 1, 'the peel is known');
        const old = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
        await until(() => started.length === 1, 'the first job runs');
        execFileSync('sh', ['-c', `cat /dev/zero > ${at.path}/filler 2>/dev/null || true`]);

        release();
        await old.done;
        const refused = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
        await refused.done;
        rmSync(join(at.path, 'filler'));
        const accepted = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
        await accepted.done;

        assert.equal(String(old.returns.get('web-01')?.value).length, 5_000);
        assert.equal(refused.returns.get('web-01')?.error?.code, 'JOURNAL_UNWRITABLE');
        assert.equal(accepted.returns.get('web-01')?.status, 'done');
        assert.equal(started.length, 2);
        await peel.crash();
        const next = openJournal(join(at.path, 'jobs.journal'), systemClock);
        for (const { reply } of [old, refused, accepted])
          assert.ok(next.knows(reply.jid ?? ''), `${reply.jid} is known`);
        assert.equal(next.damages, 0);
      } finally {
        execFileSync('umount', [at.path]);
      }
    },
  },
  {
    promise: 'B14',
    name: 'a write to the journal is taken in part only: it is taken back whole, and what was accepted is known',
    quick: true,
    async run() {
      using at = disk();
      const path = join(at.path, 'jobs.journal');
      const child = join(import.meta.dirname, 'support/limited-journal.ts');
      for (const kilobytes of [2, 3, 7]) {
        rmSync(path, { force: true });
        const script = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$@"`;
        const said = execFileSync('bash', ['-c', script, process.execPath, child, path], { encoding: 'utf8' });
        const { accepted, code } = JSON.parse(said) as { readonly accepted: number; readonly code: string };

        assert.equal(code, 'JOURNAL_UNWRITABLE');
        assert.ok(accepted > 0);
        const size = statSync(path).size;
        const next = openJournal(path, systemClock);
        const known = Array.from({ length: accepted + 1 }, (_, index) => next.knows(`job-${index}`));
        assert.deepEqual([known.lastIndexOf(true), known.indexOf(false)], [accepted - 1, accepted]);
        assert.equal(next.damages, 0, `a file of ${size} bytes`);
      }
    },
  },
  {
    promise: 'B15',
    name: 'the clock of a peel goes forwards by an hour, over a restart, and back: the order that comes again is not run again',
    quick: true,
    async run() {
      const clock = steppedClock();
      const runs = await runsAfter(
        (path) => {
          clock.step(hour);
          openJournal(path, clock);
        },
        { clock, between: () => clock.step(-hour) },
      );
      assert.equal(runs, 1);
    },
  },
  {
    promise: 'B10',
    name: 'a job gives back eight megabytes, one byte less, one more, and far more: all is answered, and the peel lives',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      using at = disk();
      const values: unknown[] = [
        ...[-1, 0, 1].map((more) => 'x'.repeat(returnBytes + more)),
        'x'.repeat(returnBytes + envelopeBytes),
        'x'.repeat(3 * returnBytes),
        new Array(300_000).fill(1),
        JSON.parse('{"__proto__": {"a": 1}}'),
        nested(200),
        () => {},
      ];
      let value: unknown;
      const run = async () => ({ success: true, value });
      await using peel = await testPeel(nats, { id: 'web-01', dataDir: at.path, run });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice', false);
      await until(() => master.master.fleet.size === 1, 'the peel is known');
      const answers: Return[] = [];
      for (value of values) {
        const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
        await asked.done;
        const answer = asked.returns.get('web-01');
        assert.ok(answer, `no return to ${typeof value}`);
        answers.push(answer);
      }

      const codes = answers.map(
        ({ error, success, rest }) => error?.code ?? (success && (rest ? 'in parts' : 'whole')),
      );
      const unfit = 'RETURN_UNFIT';
      const tooLarge = 'RETURN_TOO_LARGE';
      const parts = 'in parts';
      assert.deepEqual(codes, [parts, parts, parts, tooLarge, tooLarge, unfit, 'whole', unfit, unfit]);
      const carried = answers[6]?.value as MixedMap;
      assert.deepEqual([...carried], [['__proto__', { a: 1 }]]);
      for (const { error } of answers) assert.match(error?.message ?? 'succeeded', /succeeded$/);
      const rest = answers[1]?.rest;
      assert.ok(rest && rest.bytes > returnBytes, 'the largest came whole');
      await peel.crash();
      const journal = openJournal(join(at.path, 'jobs.journal'), systemClock);
      const sizes = [...journal.recent(), ...journal.unsent()].map(({ payload }) => payload().length);
      assert.equal(sizes.filter((size) => size >= returnBytes).length, 3);
    },
  },
  {
    promise: 'B10',
    name: 'the broker is away, and the record of an unsent return is damaged: the peel says that it cannot tell, and lives',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      using at = disk();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const run = async () => {
        await released;
        return { success: true, value: 'x'.repeat(2_000) };
      };
      const first = await testPeel(nats, { id: 'web-01', dataDir: at.path, run });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice');
      await until(() => master.master.fleet.size === 1, 'the peel is known');
      const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
      await until(() => first.peel.inbox.busy === 1, 'the job runs');
      await nats.stop();
      await until(() => first.bus.state === 'disconnected', 'the peel noticed');
      release();
      await until(() => first.peel.inbox.busy === 0, 'the job ended');
      await first.crash();
      const path = join(at.path, 'jobs.journal');
      writeFileSync(path, flipped(readFileSync(path), statSync(path).size - 1_000));

      await nats.restart();
      await using second = await testPeel(nats, { id: 'web-01', dataDir: at.path, run });
      await asked.done;

      assert.equal(asked.returns.get('web-01')?.error?.code, 'JOB_INTERRUPTED');
      assert.equal(second.peel.inbox.busy, 0);
    },
  },
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
