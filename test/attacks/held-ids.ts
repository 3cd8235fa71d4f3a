import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { signKillRequest, signRequest } from '#trust/orders.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import { jobRequest, testBus } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { sharedArena } from './support/arena.ts';
import { bombs } from './support/bombs.ts';
import { assertFleetWorks } from './support/fleet-works.ts';
import { hostileIds, hostileJids } from './support/hostile.ts';
import { runProgram } from './support/program.ts';

/** Ids and bytes that are not what they should be, at every place that takes some. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'an operator starts, kills and asks for jobs whose ids are no ids',
    quick: true,
    async run() {
      const arena = await sharedArena();
      for (const jid of hostileJids) {
        const wish = { jid, target: 'web-01', function: 'test.ping' };
        const started = await arena.bus.request(channels.dispatch, {}, signRequest(jobRequest(wish), arena.admin));
        const kill = signKillRequest({ v: 1, jid, issuedAt: Date.now() }, arena.admin);
        const killed = await arena.bus.request(channels.jobKill, {}, kill);
        const asked = await arena.bus.request(channels.jobReturns, {}, { jid });
        const chunk = await arena.bus.request(channels.jobChunk, {}, { jid, peel: 'web-01', index: 0 });
        for (const { error } of [started, killed, asked, chunk]) {
          assert.ok(error, `"${jid.slice(0, 30)}" was taken`);
          assert.notEqual(error.family, 'bug', `"${jid.slice(0, 30)}": ${error.message}`);
        }
      }
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'an operator types ids that are no ids',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const words = ['..', '../../etc/passwd', '*', '>', 'a/b', 'a\nb', '\u001b[2J', '__proto__', 'x'.repeat(300)];
      const verbs = [
        ['job', 'show'],
        ['job', 'kill'],
        ['peel', 'show'],
        ['enroll', 'approve', '--peel'],
        ['enroll', 'revoke', '--peel'],
      ];
      // Each word meets some of the commands, and each command all kinds of words.
      const commands = words.flatMap((word, at) =>
        [0, 2].map((step) => [...(verbs[(at + step) % verbs.length] ?? []), word]),
      );
      const waiting = [...commands];
      const worker = async () => {
        for (let argv = waiting.pop(); argv !== undefined; argv = waiting.pop()) {
          const { code, stdout, stderr } = await arena.zester(...argv);
          const shown = `zester ${argv.map((word) => JSON.stringify(word.slice(0, 30))).join(' ')}`;
          assert.ok([1, 5, 64].includes(code), `${shown} ended with ${code}: ${stdout}${stderr}`);
          assert.match(stderr, /\b[A-Z]+_[A-Z_]+\b/, `${shown} says no code: ${stderr}`);
          assert.doesNotMatch(stderr, /Bug in Zester|UNEXPECTED|\n\s+at /, shown);
        }
      };
      await Promise.all([worker(), worker()]);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel is called by ids that are no ids',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const dir = join(arena.dir, 'misnamed', 'auth');
      for (const id of hostileIds
        .filter((each) => !each.includes('\0') && !/^[a-z]+(\.[a-z*>]*)*$/.test(each))
        .slice(0, 12)) {
        const flags = [
          '--config=/dev/null',
          `--id=${id}`,
          `--auth-dir=${dir}`,
          `--data-dir=${join(dir, '../data')}`,
          '--health-addr=',
        ];
        const { code, stderr } = await runProgram([process.execPath, 'src/bin/zester-peel.ts', ...flags], {
          timeoutMs: 10_000,
        });
        assert.ok(code === 1 || code === 64, `"${id.slice(0, 30)}" ended with ${code}: ${stderr}`);
        assert.match(stderr, /Cannot use .* as a peel id/s, `"${id.slice(0, 30)}": ${stderr}`);
        assert.deepEqual(existsSync(dir) ? readdirSync(dir) : [], [], `"${id.slice(0, 30)}" left files`);
      }
    },
  },
  {
    promise: 'held',
    name: 'messages that are bombs arrive at every subject of masters and peels',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using operator = await testBus(arena.nats, arena.admin, 'bomber', false);
      await using master = await testBus(arena.nats, arena.nats.credentials.master, 'bomber', false);
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const [jid, peel] = ['0'.repeat(27), 'web-01'];
      const startedAt = performance.now();
      for (const [name, bomb] of Object.entries(bombs)) {
        assert.throws(() => decode(bomb), { code: 'MESSAGE_MALFORMED' }, name);
        for (const channel of Object.values(channels)) {
          const from: readonly string[] = channel.from;
          if (!from.includes('operator') || !('reply' in channel)) continue;
          const reply = await operator.connection.request(subjectOf(channel), bomb, { timeout: 5_000 });
          const { error } = decode(reply.data) as { error?: { code: string; family: string } };
          assert.ok(error && error.family !== 'bug', `${name} at ${channel.pattern}: ${JSON.stringify(error)}`);
        }
        for (const channel of [channels.command, channels.kill]) {
          master.publishBytes(subjectOf(channel, { peel: 'db-01' }), bomb);
          const wrapped = encode({
            order: bomb,
            key: 'x',
            signature: bomb.slice(0, 64),
            index: 0,
            proof: bomb.slice(0, 64),
          });
          master.publishBytes(subjectOf(channel, { peel: 'db-01' }), wrapped);
        }
        master.publishBytes(subjectOf(channels.status, { jid }), bomb);
        for (const subject of [
          subjectOf(channels.ack, { jid, peel }),
          subjectOf(channels.progress, { jid, peel }),
          subjectOf(channels.heartbeat, { peel }),
          subjectOf(channels.return, { jid, peel }),
          subjectOf(channels.chunk, { jid, peel, index: '0' }),
        ]) {
          await enemy.sends(subject, bomb);
        }
      }
      await master.flush();
      await assertFleetWorks(arena);

      assert.ok(performance.now() - startedAt < 30_000, 'the bombs kept the fleet busy');
      for (const program of [...arena.masters, arena.peel('web-01'), arena.peel('db-01')]) {
        assert.ok(program.isAlive, `${program.name} died`);
      }
    },
  },
];
