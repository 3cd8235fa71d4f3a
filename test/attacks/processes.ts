import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { allProcesses, environmentOf, findProcess } from '#machine/processes/table.ts';
import { until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Machine, machine } from './support/machine.ts';

/** What a job leaves when it ignores all requests: itself, a child in a session of its own, one that is stopped. */
const stubborn = `cd "$ATTACK"; trap "" TERM HUP INT
(trap "" TERM; exec sleep 600) & echo $! >> pids
setsid sh -c 'trap "" TERM; echo $$ >> pids; (sleep 601 & echo $! >> pids); sleep 602' &
sleep 603 & echo $! >> pids; kill -STOP $!
echo $$ >> pids; touch started
while :; do sleep 604; done`;

/** Both ways to hold together what a job starts. */
const ways = [
  { where: 'held by the kernel where it can', flags: [] },
  { where: 'known by its marks only', flags: ['--no-job-cgroups'] },
] as const;

const endings = ways.flatMap(({ where, flags }): readonly Attack[] => [
  {
    promise: 'B11',
    name: `a command past its deadline ignores TERM, flees into a session of its own, and has a stopped child, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });

      const job = await at.start('cmd.run', { cmd: stubborn }, 8_000);
      await hasStarted(at, 5);
      const { status, error } = await at.returned(job);

      assert.deepEqual(at.living('pids'), []);
      assert.equal(status, 'expired');
      assert.equal(error?.code, 'JOB_EXPIRED');
      assert.match(
        error?.message ?? '',
        /^Cannot finish the job: the timeout of [\w.]+ passed and \d+ processes were ended$/,
      );
    },
  },
  {
    promise: 'B11',
    name: `a job that is killed leaves a daemon that forked twice, and a shell that starts another when one ends, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      const script = `cd "$ATTACK"; (setsid sh -c 'trap "" TERM; sleep 600 & echo $! >> pids; wait' &) ; ${stubborn}`;
      const job = await at.start('cmd.run', { cmd: script });
      await hasStarted(at, 6);

      await at.kill(job.jid);
      const { status, error } = await at.returned(job);

      assert.deepEqual(at.living('pids'), []);
      assert.deepEqual([status, error?.code], ['killed', 'JOB_KILLED']);
      assert.match(error?.message ?? '', /and \d+ processes were ended$/);
      assert.match(error?.details?.ended ?? '', /\d+ sleep/);
    },
  },
  {
    promise: 'B11',
    name: `the time limit of a command is over while its children ignore that, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });

      const { status, error } = await at.run('cmd.run', { cmd: stubborn, timeout: '1s' });

      assert.deepEqual(at.living('pids'), []);
      assert.deepEqual([status, error?.code], ['done', 'COMMAND_TIMEOUT']);
      assert.match(error?.message ?? '', /it took longer than its timeout of 1s, and was ended$/);
    },
  },
  {
    promise: 'B11',
    name: `somebody kills the runner in the middle of a command, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      const job = await at.start('cmd.run', { cmd: stubborn });
      await hasStarted(at, 5);

      for (const { pid } of at.runners()) process.kill(pid, 'SIGKILL');
      const { error } = await at.returned(job);

      assert.deepEqual(at.living('pids'), []);
      assert.equal(error?.code, 'RUNNER_DIED');
      assert.match(error?.message ?? '', /the runner ended with SIGKILL, and \d+ processes were ended$/);
      assert.equal((await at.run('cmd.run', { cmd: 'echo fine' })).value, 'fine');
    },
  },
  {
    promise: 'B11',
    name: `somebody kills the peel in the middle of a command, and nobody starts it again, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      await at.start('cmd.run', { cmd: stubborn });
      await hasStarted(at, 5);
      const runners = at.runners();

      at.peel.kill('SIGKILL');

      await until(() => at.living('pids').length === 0, 'the runner has ended what it started', 15_000);
      await until(() => runners.every(({ pid }) => findProcess(pid) === undefined), 'the runners have ended', 15_000);
    },
  },
  {
    promise: 'B11',
    name: `somebody kills the peel and its runner, and what they left is found at the next start, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      const job = await at.start('cmd.run', { cmd: stubborn });
      await hasStarted(at, 5);
      const runners = at.runners();
      // Stopped, the runner cannot clean up: as if both had died at once.
      for (const { pid } of runners) process.kill(pid, 'SIGSTOP');
      at.peel.kill('SIGKILL');

      await at.startPeel();
      const { status, error } = await at.returned(job);

      assert.deepEqual(at.living('pids'), []);
      assert.deepEqual([status, error?.code], ['interrupted', 'JOB_INTERRUPTED']);
      assert.match(error?.message ?? '', /the peel was stopped while it ran, and \d+ processes were ended$/);
      assert.match(error?.details?.ended ?? '', /\d+ sleep/);
      assert.deepEqual(
        runners.filter(({ pid, startedAt }) => findProcess(pid)?.startedAt === startedAt),
        [],
      );
    },
  },
  {
    promise: 'B11',
    name: `what a job leaves running on purpose is ended with a later job, or by a restart, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      const daemon = 'cd "$ATTACK"; nohup setsid sleep 600 >/dev/null 2>&1 & echo $! >> "$ATTACK/daemon"; sleep 0.2';
      await at.run('cmd.run', { cmd: daemon });
      const pid = await at.pidIn('daemon');

      const killed = await at.start('cmd.run', { cmd: stubborn });
      await hasStarted(at, 5);
      await at.kill(killed.jid);
      await at.returned(killed);
      const job = await at.start('cmd.run', { cmd: 'echo $$ >> "$ATTACK/later"; exec sleep 600' });
      await at.pidIn('later');
      for (const runner of at.runners()) process.kill(runner.pid, 'SIGSTOP');
      at.peel.kill('SIGKILL');
      await at.startPeel();
      await at.returned(job);

      assert.deepEqual(at.living('later'), []);
      assert.equal(findProcess(pid)?.name, 'sleep');
    },
  },
  {
    promise: 'B11',
    name: `a small fork bomb goes on after the deadline, ${where}`,
    quick: false,
    async run() {
      await using at = await machine({ flags });
      // Each starts the next and ends: at most a few dozen at a time, and never the same.
      const script = `cd "$ATTACK"; trap "" TERM; touch started
f() { trap "" TERM; sleep 0.05; f & }
for each in 1 2 3 4 5 6 7 8; do f & done; setsid sh -c 'g() { sleep 0.05; g & }; g; g'; sleep 600`;

      const { status, error } = await at.run('cmd.run', { cmd: script }, 8_000);

      assert.equal(status, 'expired');
      assert.match(error?.message ?? '', /processes were ended$/);
      const left = allProcesses().filter(({ pid }) => environmentOf(pid).get('ATTACK') === at.folder && isOfJob(pid));
      assert.deepEqual(left, []);
    },
  },
]);

export const attacks: readonly Attack[] = [
  ...endings,
  {
    promise: 'B11',
    name: 'a command in a group of the kernel hides its environment and its descent',
    quick: false,
    async run() {
      await using at = await machine();
      const script = `cd "$ATTACK"; env -i setsid sh -c '(sleep 600 & echo $! >> pids)'; touch started; sleep 601`;
      const job = await at.start('cmd.run', { cmd: script });
      const hidden = await at.pidIn('pids');
      // Only a kernel that keeps groups can tell whose it is: where there is none, the design page says so.
      const isGrouped = readFileSync(`/proc/${hidden}/cgroup`, 'utf8').includes('zester-');

      await at.kill(job.jid);
      await at.returned(job);

      if (isGrouped) assert.equal(findProcess(hidden), undefined);
    },
  },
  {
    promise: 'A8',
    name: 'a command looks for the join token in its environment, in those of its ancestors’ children, and in ps',
    quick: false,
    async run() {
      const token = 'zjt-0123456789abcdefghijklmn';
      await using at = await machine({
        environment: { ZESTER_JOIN_TOKEN: token, NATS_PASSWORD: token, NOTIFY_SOCKET: token },
      });

      const env = await at.run('cmd.run', { cmd: 'env; cat /proc/$PPID/environ' });
      const templated = await at.run('cmd.run', {
        cmd: 'tr "\\0" "\\n" < /proc/$PPID/environ; tr "\\0" " " < /proc/$PPID/cmdline',
      });

      for (const { value, error } of [env, templated]) assert.ok(!`${value}${error?.message}`.includes(token));
      assert.match(String(env.value), /^ZESTER_JOB=\w{27}$/m);
      for (const { pid } of at.runners()) {
        assert.ok(!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(token));
        assert.ok(!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(token));
      }
      assert.ok(!readFileSync(`/proc/${at.peel.pid}/cmdline`, 'utf8').includes(token));
    },
  },
  {
    promise: 'A8',
    name: 'somebody gives the join token as a flag, where everybody sees it',
    quick: true,
    async run() {
      const { runDaemon } = await import('#base/daemon.ts');
      const { peelOptions } = await import('#peel/resident/options.ts');
      let ran = false;
      const daemon = {
        program: 'zester-peel',
        component: 'peel',
        options: peelOptions,
        configPath: '/dev/null',
        run: async () => {
          ran = true;
        },
      };

      for (const argv of [['--join-token=zjt-secret'], ['--join-token', 'zjt-secret']]) {
        assert.equal(await runDaemon(daemon, ['--config=/dev/null', ...argv]), 64);
      }
      assert.equal(ran, false);
    },
  },
];

/** All that will live lives, and has said who it is. */
async function hasStarted(at: Machine, processes: number): Promise<void> {
  await until(() => at.living('pids').length === processes, `${processes} processes run`);
}

function isOfJob(pid: number): boolean {
  return environmentOf(pid).has('ZESTER_JOB');
}
