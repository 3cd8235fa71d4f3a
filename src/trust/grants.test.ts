import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection, PermissionViolationError } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { newJid } from '#base/ids.ts';
import { createBus } from '#bus/bus.ts';
import { openStores } from '#bus/stores.ts';
import { type Channel, type Role, subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { type Bucket, buckets, returnsStream } from '#wire/stores.ts';
import { until } from '../../test/harness/fleet.ts';
import { type TestNats, testNats } from '../../test/harness/nats.ts';
import { grantsOf, inboxPrefix, streamOf } from './grants.ts';
import { readUserJwt } from './jwt.ts';

const roles: readonly Role[] = ['master', 'operator', 'peel'];
const me = 'web-01';
const other = 'web-02';
const allBuckets: readonly Bucket[] = Object.values(buckets);

let nats: TestNats;
const clients: Partial<Record<Role, NatsConnection>> = {};
const keys: Partial<Record<Role | 'victim', string>> = {};
let victim: NatsConnection;

before(async () => {
  nats = await testNats({ refusals: true });
  const { master, operator, peel } = nats.credentials;
  const credentials = { master, operator: operator('alice'), peel: peel(me) };
  for (const role of roles) {
    clients[role] = await connect(nats.options(credentials[role]));
    keys[role] = readUserJwt(credentials[role].jwt).key;
  }
  const victims = peel(other);
  victim = await connect(nats.options(victims));
  keys.victim = readUserJwt(victims.jwt).key;
  await openStores(createBus(client('master')), { replicas: 1 });
});

after(async () => {
  await Promise.all([...Object.values(clients), victim].map((each) => each.close()));
  await nats[Symbol.asyncDispose]();
});

describe('every channel, for every role, in both directions', () => {
  for (const [name, channel] of Object.entries(channels) as [string, Channel][]) {
    for (const role of roles) {
      test(`${role}: ${name}`, async () => {
        const addressed = channel.pattern.includes('{peel}');
        const foreign = role !== 'peel' || !addressed;

        assert.equal(await maySend(role, subjectFor(channel, me)), channel.from.includes(role), 'send');
        assert.equal(await mayHear(role, subjectFor(channel, me)), channel.to.includes(role), 'hear');
        assert.equal(
          await maySend(role, subjectFor(channel, other)),
          channel.from.includes(role) && foreign,
          'send as another',
        );
        assert.equal(
          await mayHear(role, subjectFor(channel, other)),
          channel.to.includes(role) && foreign,
          'hear another',
        );
        assert.equal(await mayHear(role, subjectOf(channel)), channel.to.includes(role) && foreign, 'hear all');
      });
    }
  }
});

describe('every bucket, for every role, by every verb', () => {
  for (const bucket of allBuckets) {
    const [mine, theirs] = [keySubject(bucket, me), keySubject(bucket, other)];
    const own = bucket.key === '{peel}';
    const direct = (key: string) => `$JS.API.DIRECT.GET.${streamOf(bucket)}.${key}`;

    test(`peel: ${bucket.name}`, async () => {
      assert.equal(await maySend('peel', mine), bucket.peelWrites, 'write its key');
      assert.equal(await maySend('peel', theirs), bucket.peelWrites && !own, "write another's key");
      assert.equal(await mayHear('peel', mine), bucket.peelReads, 'watch its key');
      assert.equal(await mayHear('peel', theirs), bucket.peelReads && !own, "watch another's key");
      // nats-server takes a last `*` of a grant for `>` too: so what is readable at all is readable as a whole.
      assert.equal(await mayHear('peel', `$KV.${bucket.name}.>`), bucket.peelReads && !own, 'watch all');
      assert.equal(await maySend('peel', direct(mine)), bucket.peelReads, 'get its key');
      assert.equal(await maySend('peel', direct(theirs)), bucket.peelReads && !own, "get another's key");
      assert.equal(await maySend('peel', direct(`$KV.${bucket.name}.>`)), bucket.peelReads && !own, 'get all');
    });
    test(`operator: ${bucket.name}`, async () => {
      for (const subject of [mine, theirs, direct(mine)]) assert.equal(await maySend('operator', subject), false);
      for (const subject of [mine, `$KV.${bucket.name}.>`]) assert.equal(await mayHear('operator', subject), false);
    });
    test(`master: ${bucket.name}`, async () => {
      for (const subject of [mine, theirs, direct(mine)]) assert.equal(await maySend('master', subject), true);
      assert.equal(await mayHear('master', theirs), true);
    });
  }
});

describe('JetStream management', () => {
  for (const stream of [...allBuckets.map(streamOf), returnsStream.name]) {
    for (const subject of managementSubjects(stream)) {
      test(`only masters: ${subject}`, async () => {
        assert.equal(await maySend('peel', subject), false);
        assert.equal(await maySend('operator', subject), false);
        assert.equal(await maySend('master', subject), !isNeverNeeded(subject));
      });
    }
  }

  test('a master manages no stream we do not list', async () => {
    for (const subject of managementSubjects('OTHER')) assert.equal(await maySend('master', subject), false, subject);
  });

  test('nobody but the system user speaks to the servers', async () => {
    for (const role of roles) {
      assert.equal(await maySend(role, '$SYS.REQ.CLAIMS.UPDATE'), false);
      assert.equal(await mayHear(role, '$SYS.>'), false);
      assert.equal(await mayHear(role, '>'), false);
      assert.equal(await mayHear(role, 'zester.>'), false);
    }
  });
});

test('the system user may look accounts up, update them and cut connections, and nothing else', async () => {
  await using sys = await connect(nats.options(nats.credentials.sys));
  const { control: account } = nats.auth.index.accounts;

  for (const subject of [
    '$SYS.REQ.CLAIMS.DELETE',
    '$SYS.REQ.SERVER.PING',
    '$SYS.REQ.USER.INFO',
    'zester.dispatch',
    '$JS.API.INFO',
  ]) {
    assert.equal(await maySendAs(sys, subject), false, subject);
  }
  for (const subject of ['$SYS.>', '$SYS.ACCOUNT.*.LEAFNODE', '>', '_INBOX.>', `$SYS.ACCOUNT.${account}.>`]) {
    assert.equal(await mayHearAs(sys, subject), false, subject);
  }
  const answer = await sys.request(`$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, '', { timeout: 5_000 });
  assert.equal(answer.string(), nats.auth.accountJwt('control'));
});

describe('inboxes', () => {
  for (const role of roles) {
    test(`${role}: hears its own inbox and no other, and writes to none`, async () => {
      const theirs = `${inboxPrefix(keys.victim ?? '')}.x`;

      assert.equal(await mayHear(role, `${inboxPrefix(keys[role] ?? '')}.x`), true);
      for (const subject of [theirs, '_INBOX_*.>', '_INBOX.>', '_INBOX.x']) {
        assert.equal(await mayHear(role, subject), false, `hear ${subject}`);
      }
      assert.equal(await maySend(role, theirs), false, 'send');
      assert.equal(await maySend(role, '_INBOX.x'), false, 'send');
    });
  }

  test('a master answers a request once, where it was asked to', async () => {
    const [master, operator] = [client('master'), client('operator')];
    const asked = master.subscribe('zester.ping', { max: 1 });
    await master.flush();
    const answer = operator.request('zester.ping', 'hello', { timeout: 5_000 });
    let replyTo = '';
    for await (const message of asked) {
      replyTo = message.reply ?? '';
      message.respond('hello yourself');
    }

    assert.equal((await answer).string(), 'hello yourself');
    assert.equal(await maySend('master', replyTo), false, 'a second answer');
  });
});

describe('every reply that a peel may name', () => {
  for (const sent of grantsOf('peel').publish.map((subject) =>
    subject.replaceAll('{{name()}}', me).replaceAll('*', 'x'),
  )) {
    test(`with ${sent}: nothing of the other account hears an answer`, async () => {
      const master = client('master');
      const heard: string[] = [];
      const subjects = replyTargets();
      const listening = subjects.map((subject) =>
        master.subscribe(subject, { callback: (error, { subject: on }) => void (error ?? heard.push(on)) }),
      );
      await master.flush();

      for (const reply of subjects) client('peel').publish(sent, '', { reply });
      await streamsAreDone();
      await master.flush();
      for (const each of listening) each.unsubscribe();

      // The word itself crosses when it is one that peels say; an answer to it never does.
      assert.deepEqual(
        heard.filter((subject) => subject !== sent),
        [],
      );
    });
  }

  test('a service answers to a reply in the account of whoever asked', async () => {
    const [master, peel] = [client('master'), client('peel')];
    await master.request('$KV.trust.bundle', 'stored', { timeout: 5_000 });

    const answer = await peel.request(`$JS.API.DIRECT.GET.KV_trust.$KV.trust.bundle`, '', { timeout: 5_000 });

    assert.equal(answer.string(), 'stored');
  });
});

/** Subjects that a master may hear, and that would do harm if a server wrote there. */
function replyTargets(): readonly string[] {
  const heard = Object.values(channels as Readonly<Record<string, Channel>>).filter(({ to }) => to.includes('master'));
  return [
    ...heard.map((channel) => subjectFor(channel, other)),
    ...allBuckets.map((bucket) => keySubject(bucket, other)),
  ];
}

describe('a compromised peel', () => {
  test('cannot have a consumer deliver its words to another peel', async () => {
    const heard: string[] = [];
    victim.subscribe(`zester.cmd.${other}`, { callback: (_, message) => void heard.push(message.string()) });
    await victim.flush();
    client('peel').publish(`$KV.facts.${me}`, 'forged order');
    const config = { deliver_subject: `zester.cmd.${other}`, deliver_policy: 'all', ack_policy: 'none' };

    for (const subject of managementSubjects('KV_facts').filter((each) => each.includes('CONSUMER'))) {
      const request = JSON.stringify({ stream_name: 'KV_facts', config });
      assert.equal(await maySend('peel', subject, request), false, subject);
    }
    await victim.flush();

    assert.deepEqual(heard, []);
  });

  test('cannot roll up the other peels of a bucket it writes', async () => {
    const master = await jetstreamManager(client('master'), { checkAPI: false });
    victim.publish(`$KV.facts.${other}`, 'theirs');
    await isStored(other, 'theirs');
    const purge = headers();
    purge.set('Nats-Rollup', 'all');

    client('peel').publish(`$KV.facts.${me}`, 'mine', { headers: purge });
    client('peel').publish(`$KV.facts.${me}`, 'after it');

    await isStored(me, 'after it');
    assert.ok(await master.streams.getMessage('KV_facts', { last_by_subj: `$KV.facts.${other}` }));
  });

  test('cannot reach another key through the payload of a direct get', async () => {
    const master = client('master');
    for (const peel of [me, other]) master.publish(`$KV.facts.${peel}`, `facts of ${peel}`);
    for (const peel of [me, other]) await isStored(peel, `facts of ${peel}`);
    const tricks = [
      { last_by_subj: `$KV.facts.${other}` },
      { next_by_subj: `$KV.facts.${other}`, seq: 1 },
      { seq: 2 },
      { multi_last: ['$KV.facts.>'] },
      { multi_last: [`$KV.facts.${other}`], batch: 10 },
      { batch: 10 },
    ];

    for (const trick of tricks) {
      const subject = `$JS.API.DIRECT.GET.KV_facts.$KV.facts.${me}`;
      const answer = await master.request(subject, JSON.stringify(trick), { timeout: 5_000 });
      assert.doesNotMatch(answer.string(), new RegExp(other), JSON.stringify(trick));
    }
  });
});

test('a JWT of a peel is a few hundred bytes', () => {
  assert.ok(nats.credentials.peel('a'.repeat(128)).jwt.length < 900);
});

/** A publish that nothing acknowledges may be lost between accounts, as the peel knows too: it is said again after that. */
const sayAgainMs = 500;

/** Streams take what they are sent in order: each that peels write holds a last word of ours. */
async function streamsAreDone(): Promise<void> {
  const word = newJid();
  const last = {
    KV_facts: `$KV.facts.${me}`,
    'KV_facts-volatile': `$KV.facts-volatile.${me}`,
    [returnsStream.name]: `zester.return.${word}.${me}`,
  };
  for (const subject of Object.values(last)) client('peel').publish(subject, word);
  let saidAt = performance.now();
  for (const [stream, subject] of Object.entries(last)) {
    await until(async () => {
      if (performance.now() - saidAt > sayAgainMs) {
        client('peel').publish(subject, word);
        saidAt = performance.now();
      }
      const found = await client('master').request(`$JS.API.DIRECT.GET.${stream}.${subject}`, '', { timeout: 5_000 });
      return found.string() === word;
    }, `${stream} has the last word`);
  }
}

/** The stream acknowledges nothing: that something is in it is looked for. What was sent before is judged by then. */
async function isStored(peel: string, text: string): Promise<void> {
  const key = `$KV.facts.${peel}`;
  await until(async () => {
    const found = await client('master').request(`$JS.API.DIRECT.GET.KV_facts.${key}`, '', { timeout: 5_000 });
    return found.string() === text;
  }, `${key} is stored`);
}

function client(role: Role): NatsConnection {
  const found = clients[role];
  assert.ok(found);
  return found;
}

/** The server answers in order: after a flush, a refusal has arrived or there is none. */
async function maySend(role: Role, subject: string, payload = ''): Promise<boolean> {
  return maySendAs(client(role), subject, payload);
}

async function mayHear(role: Role, subject: string): Promise<boolean> {
  return mayHearAs(client(role), subject);
}

async function maySendAs(connection: NatsConnection, subject: string, payload = ''): Promise<boolean> {
  let refused = false;
  const listening = listen(connection, (error) => {
    if (error.operation === 'publish' && error.subject === subject) refused = true;
  });
  connection.publish(subject, payload);
  await connection.flush();
  await listening.stop();
  return !refused;
}

async function mayHearAs(connection: NatsConnection, subject: string): Promise<boolean> {
  let refused = false;
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      if (error !== null) refused = true;
    },
  });
  await connection.flush();
  subscription.unsubscribe();
  return !refused;
}

function listen(connection: NatsConnection, heard: (error: PermissionViolationError) => void) {
  const statuses = connection.status();
  const done = (async () => {
    for await (const status of statuses) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError) heard(status.error);
    }
  })();
  return {
    stop: async () => {
      (statuses as { stop?: () => void }).stop?.();
      await done;
    },
  };
}

function subjectFor({ pattern }: Channel, peel: string): string {
  const parts: Readonly<Record<string, string>> = {
    peel,
    jid: '2abcdefghijklmnopqrstuvwxyz',
    index: '0',
    master: 'm1',
  };
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? 'x');
}

function keySubject({ name, key }: Bucket, peel: string): string {
  return `$KV.${name}.${key === '{peel}' ? peel : 'something'}`;
}

function isNeverNeeded(subject: string): boolean {
  return /STREAM\.(DELETE|SNAPSHOT|RESTORE|LEADER|PEER)|CONSUMER\.(DURABLE|PAUSE|UNPIN)/.test(subject);
}

function managementSubjects(stream: string): string[] {
  const consumer = 'some-consumer';
  return [
    ...[
      'CREATE',
      'UPDATE',
      'INFO',
      'PURGE',
      'DELETE',
      'SNAPSHOT',
      'RESTORE',
      'MSG.GET',
      'MSG.DELETE',
      'PEER.REMOVE',
    ].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.${consumer}`,
    `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.some.filter`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${consumer}`,
    ...['INFO', 'DELETE', 'MSG.NEXT', 'PAUSE', 'UNPIN'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.${consumer}`),
    ...['NAMES', 'LIST'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}`),
    `$JS.ACK.${stream}.${consumer}.1.2.3.4.5`,
    `$JS.FC.${stream}.${consumer}.x`,
  ];
}
