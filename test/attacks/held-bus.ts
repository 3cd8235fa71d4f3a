import assert from 'node:assert/strict';
import { newJid } from '#base/ids.ts';
import { inboxPrefix, streamOf } from '#trust/grants.ts';
import { readUserJwt } from '#trust/jwt.ts';
import { signKillRequest, signRequest } from '#trust/orders.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import { jobRequest } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { sharedArena } from './support/arena.ts';
import { assertFleetWorks } from './support/fleet-works.ts';

/** A peel whose machine was taken over, on the bus: it has real credentials, and none of our code. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'a peel listens to every subject there is',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const admin = readUserJwt(arena.admin.jwt).key;
      const other = readUserJwt(arena.stolen('db-01').jwt).key;
      const subjects = [
        ...['>', '*', '*.*', '*.*.*', '*.>', 'zester.>', '_INBOX.>', '_INBOX_*.>', '_R_.>', '$JS.>', '$JS.EVENT.>'],
        ...['$KV.>', '$SYS.>', '$SYS.REQ.>', '$SYS.ACCOUNT.>', '$O.>', '$SRV.>', '$JSC.>', '$NRG.>', '$GR.>'],
        ...[`${inboxPrefix(admin)}.>`, `${inboxPrefix(other)}.>`, `${inboxPrefix(admin)}.*`],
        ...Object.values(channels).map((channel) => subjectOf(channel)),
        ...[subjectOf(channels.command, { peel: 'db-01' }), subjectOf(channels.kill, { peel: 'db-01' })],
        ...Object.values(buckets).flatMap(({ name }) => [`$KV.${name}.>`, `$KV.${name}.*`, `$KV.${name}.db-01`]),
      ];
      const mine = new Set(
        // What is for every peel to read is theirs to hear of.
        Object.values(buckets).flatMap(({ name, peelReads }) => {
          return peelReads ? ['*', '>', 'db-01'].map((key) => `$KV.${name}.${key}`) : [];
        }),
      );
      const open: string[] = [];
      for (const subject of subjects) {
        if (mine.has(subject)) continue;
        for (const queue of [undefined, 'zester.masters']) {
          if ((await enemy.hears(subject, queue)) !== undefined) open.push(subject);
        }
      }

      assert.deepEqual(open, []);
    },
  },
  {
    promise: 'held',
    name: 'a peel overhears an operator’s job: its request, its answer, its status and its returns',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const heard = await Promise.all(
        ['>', '_INBOX_*.>', 'zester.job.>', 'zester.returned.>', '$KV.jobs.>'].map((subject) => enemy.hears(subject)),
      );

      const { returns } = await arena.run('db-01', 'cmd.run', { id: 'echo "the secret of the database"' });
      await enemy.connection.flush();

      assert.equal(returns.get('db-01')?.value, 'the secret of the database');
      assert.deepEqual(
        heard.flatMap((each) => each?.map(({ subject }) => subject) ?? []),
        [],
      );
    },
  },
  {
    promise: 'held',
    name: 'a peel asks masters for everything that only operators may ask',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const open: string[] = [];
      for (const channel of Object.values(channels)) {
        const from: readonly string[] = channel.from;
        if (!('reply' in channel) || from.includes('peel')) continue;
        if (await enemy.sends(subjectOf(channel), encode({}))) open.push(channel.pattern);
      }

      assert.deepEqual(open, []);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel gives orders to another peel, and to all of them',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const mine = arena.stolen('web-01');
      await using enemy = await arena.enemy(mine);
      const request = signRequest(jobRequest({ target: '*', function: 'cmd.run', id: 'true' }), mine);
      const kill = signKillRequest({ v: 1, jid: newJid(), issuedAt: Date.now() }, mine);
      const tried = [
        await enemy.sends(subjectOf(channels.command, { peel: 'db-01' }), encode(request)),
        await enemy.sends(subjectOf(channels.kill, { peel: 'db-01' }), encode(kill)),
        await enemy.sends(subjectOf(channels.dispatch), encode(request)),
        await enemy.sends(subjectOf(channels.jobKill), encode(kill)),
        await enemy.sends(subjectOf(channels.command), encode(request)),
      ];

      assert.deepEqual(tried, [false, false, false, false, false]);
    },
  },
  {
    promise: 'held',
    name: 'a peel speaks for another: its acknowledgement, return, chunk, heartbeat and facts',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const [jid, peel, index] = [newJid(), 'db-01', '0'];
      const subjects = [
        subjectOf(channels.ack, { jid, peel }),
        subjectOf(channels.progress, { jid, peel }),
        subjectOf(channels.return, { jid, peel }),
        subjectOf(channels.chunk, { jid, peel, index }),
        subjectOf(channels.heartbeat, { peel }),
        subjectOf(channels.returned, { jid, peel }),
        subjectOf(channels.status, { jid }),
        subjectOf(channels.masterHeartbeat, { master: 'mallory' }),
        ...Object.values(buckets).map(({ name }) => `$KV.${name}.${peel}`),
        ...['*', '>', 'web-01.db-01', 'web-01_db-01', 'WEB-01', 'web-01 '].map((name) => `$KV.facts.${name}`),
      ];
      const open: string[] = [];
      for (const subject of subjects) {
        // Some are no subjects for the client already.
        const passed = await enemy.sends(subject, encode({ v: 1 })).catch(() => false);
        if (passed) open.push(subject);
      }

      assert.deepEqual(open, []);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel makes consumers, and reads, purges and deletes streams',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const consumer = encode({ stream_name: 'x', config: { deliver_subject: 'x', ack_policy: 'none' } });
      const open: string[] = [];
      for (const stream of [...Object.values(buckets).map(streamOf), returnsStream.name]) {
        for (const subject of managementOf(stream)) {
          if (await enemy.sends(subject, consumer)) open.push(subject);
        }
      }
      for (const subject of [
        '$JS.API.INFO',
        '$JS.API.STREAM.NAMES',
        '$JS.API.STREAM.LIST',
        '$JS.API.ACCOUNT.PURGE.A',
      ]) {
        if (await enemy.sends(subject)) open.push(subject);
      }

      assert.deepEqual(open, []);
    },
  },
  {
    promise: 'held',
    name: 'a peel asks the server about its accounts, connections and users',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const { control, peels } = arena.nats.auth.index.accounts;
      const server = arena.nats.logs().match(/ID: (N\w+)/)?.[1] ?? 'N';
      const subjects = [
        ...['$SYS.REQ.SERVER.PING', '$SYS.REQ.SERVER.PING.VARZ', '$SYS.REQ.SERVER.PING.CONNZ', '$SYS.REQ.USER.INFO'],
        ...['CONNZ', 'SUBSZ', 'JSZ', 'INFO', 'CLAIMS.LOOKUP', 'CLAIMS.UPDATE'].flatMap((what) =>
          [control, peels].map((account) => `$SYS.REQ.ACCOUNT.${account}.${what}`),
        ),
        ...['$SYS.REQ.ACCOUNT.PING.CONNZ', '$SYS.REQ.ACCOUNT.PING.SUBSZ', '$SYS.REQ.ACCOUNT.PING.STATZ'],
        ...['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.CLAIMS.DELETE', '$SYS.REQ.CLAIMS.LIST', '$SYS.REQ.CLAIMS.PACK'],
        ...[`$SYS.REQ.SERVER.${server}.RELOAD`, `$SYS.REQ.SERVER.${server}.KICK`, `$SYS.REQ.SERVER.${server}.LDM`],
        ...['$SRV.PING', '$SRV.INFO', '$SYS.DEBUG.SUBSCRIBERS', '$SYS.ACCOUNT.X.CONNECT', '$SYS.SERVER.X.SHUTDOWN'],
      ];
      const open: string[] = [];
      for (const subject of subjects) {
        if (await enemy.sends(subject, '{}')) open.push(subject);
      }

      assert.deepEqual(open, []);
      await assertFleetWorks(arena);
    },
  },
];

function managementOf(stream: string): string[] {
  const verbs = ['CREATE', 'UPDATE', 'INFO', 'PURGE', 'DELETE', 'SNAPSHOT', 'RESTORE', 'MSG.GET', 'MSG.DELETE'];
  return [
    ...verbs.map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine.>`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.mine`,
    ...['INFO', 'DELETE', 'MSG.NEXT', 'PAUSE', 'UNPIN', 'RESET'].map(
      (verb) => `$JS.API.CONSUMER.${verb}.${stream}.mine`,
    ),
    ...['NAMES', 'LIST'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}`),
    `$JS.ACK.${stream}.mine.1.2.3.4.5`,
    `$JS.FC.${stream}.mine.x`,
  ];
}
