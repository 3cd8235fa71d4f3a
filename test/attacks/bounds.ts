import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { isError } from '#base/errors.ts';
import { newJid } from '#base/ids.ts';
import { systemClock } from '#base/time.ts';
import { enrollList } from '#cli/commands/enroll-list.ts';
import { jobList } from '#cli/commands/job-list.ts';
import { jobShow } from '#cli/commands/job-show.ts';
import { peelList } from '#cli/commands/peel-list.ts';
import { peelShow } from '#cli/commands/peel-show.ts';
import { target } from '#cli/commands/target.ts';
import { createEnrollmentPages } from '#master/enroll/replies.ts';
import type { Fleet } from '#master/fleet.ts';
import { createKey } from '#trust/nkeys.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { Enrollment } from '#wire/enroll.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import { dispatch, testBus, testMaster, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { answers, jobRecord, liar, manyPeels, type Scene, scene } from './support/bounds.ts';

const many = 100_000;

const key = createKey('user').publicKey;

function member(at: number): Enrollment {
  return {
    v: 1,
    id: `enr-${String(at).padStart(27, '0')}`,
    peel: `node-${at}`,
    key,
    curveKey: key,
    state: 'active',
    hostname: `node-${at}.example.com`,
    source: '10.0.0.1',
    trust: 'ok',
    createdAt: 1_000 + (at % 500),
    updatedAt: 0,
  };
}

const large = 'x'.repeat(800_000);

/** What a list of the master is made of is written into its store by its own hands. */
async function keepJobs(
  { master, nats }: Scene,
  count: number,
  peels: readonly string[],
  args = {},
): Promise<string[]> {
  const kv = master.master.stores.kv(buckets.jobs);
  const records = Array.from({ length: count }, () => jobRecord(nats, peels, { args }));
  await Promise.all(records.map((record) => kv.put(record.jid, encode(record))));
  return records.map(({ jid }) => jid);
}

export const attacks: readonly Attack[] = [
  {
    promise: 'A1',
    name: 'an operator lists a hundred thousand enrolments',
    quick: false,
    async run() {
      await using all = await scene();
      const members = Array.from({ length: many }, (_, at) => member(at));
      const pages = createEnrollmentPages(() => ({ enrollments: members }), systemClock);
      all.master.bus.serve(channels.enrollments, async (query) => pages(query));
      await all.master.bus.flush();

      const rows = (await enrollList.run({ state: 'all' }, all.session)) as readonly { id: string }[];

      assert.equal(new Set(rows.map(({ id }) => id)).size, many);
      await answers(all.bus);
    },
  },
  {
    promise: 'A1',
    name: 'an operator lists jobs whose arguments have most of a megabyte each, and reads one whole',
    quick: true,
    async run() {
      await using all = await scene();
      const jids = await keepJobs(all, 30, ['web-01'], { text: large });

      const jobs = (await jobList.run({ limit: 50 }, all.session)) as readonly { jid: string }[];
      const short = (await jobShow.run({ jid: jids[0], full: false }, all.session)) as {
        job: { args: { text: string } };
      };
      const whole = (await jobShow.run({ jid: jids[0], full: true }, all.session)) as {
        job: { args: { text: string } };
      };

      assert.deepEqual(jobs.map(({ jid }) => jid).sort(), jids.toSorted());
      assert.match(short.job.args.text, /^x{256}… \(800000 characters\)$/);
      assert.equal(whole.job.args.text, large);
      await answers(all.bus);
    },
  },
  {
    promise: 'A1',
    name: 'an operator shows a job that asked a hundred thousand peels',
    quick: false,
    async run() {
      await using all = await scene();
      const peels = manyPeels(many);
      const [jid] = await keepJobs(all, 1, peels);

      const program = { ...all.session, format: 'json' } as const;
      const shown = (await jobShow.run({ jid, full: false }, program)) as { results: readonly { peel: string }[] };

      assert.equal(new Set(shown.results.map(({ peel }) => peel)).size, many);
      await answers(all.bus);
    },
  },
  {
    promise: 'A1',
    name: 'a job of a hundred thousand peels that are all away is given up by a master',
    quick: false,
    async run() {
      await using all = await scene();
      const record = { ...jobRecord(all.nats, manyPeels(many)), state: 'running' as const };
      const { stores, activeJobs } = all.master.master;
      const unreachable = new Set<string>();
      let state = '';
      all.bus.listen(channels.status, { jid: record.jid }, ({ body }) => {
        for (const peel of body.unreachable) unreachable.add(peel);
        state = body.state;
      });
      await all.bus.flush();

      await stores.kv(buckets.jobs).put(record.jid, encode(record));
      await stores.kv(buckets.activeJobs).put(record.jid, encode({ owner: 'nobody' }));

      await until(() => activeJobs.find(record.jid) !== undefined, 'it is taken over');
      await until(() => state === 'timeout', 'it is given up', 60_000);
      assert.equal(unreachable.size, many);
      await answers(all.bus);
    },
  },
  {
    promise: 'A1',
    name: 'a job is asked for whose arguments fit no order',
    quick: true,
    async run() {
      await using all = await scene();
      await using web = await liar(all.nats, 'web-01');
      web.say({ id: 'web-01' });
      await until(() => all.master.master.fleet.size === 1, 'it is known');

      const { reply } = await dispatch(all.nats, all.bus, all.nats.credentials.operator(), {
        target: '*',
        function: 'test.echo',
        args: { text: 'x'.repeat(1_010_000) },
      });

      assert.equal(reply.error?.code, 'REQUEST_TOO_LARGE');
      assert.deepEqual((await all.bus.request(channels.jobs, {}, { active: true })).jobs, []);
      await answers(all.bus);
    },
  },
  {
    promise: 'A1',
    name: 'an answer grows larger than a message',
    quick: true,
    async run() {
      await using all = await scene();
      all.master.bus.serve(channels.enrollments, async () => ({ enrollments: new Array(10_000).fill(member(1)) }));
      await all.master.bus.flush();

      const { error } = await all.bus.request(channels.enrollments, {}, {});

      assert.equal(error?.code, 'REPLY_TOO_LARGE');
      assert.equal(all.master.master.troubles.counts.get('REPLY_TOO_LARGE'), 1);
      await answers(all.bus);
    },
  },
  {
    promise: 'A2',
    name: 'an operator aims the answer to each request at each store',
    quick: true,
    async run() {
      await using all = await scene();
      const { manager } = all.master.master.stores;
      const requests = Object.values(channels).filter((each) => 'reply' in each && each.to.includes('master' as never));
      const stores = Object.values(buckets);
      const held = async () => {
        const infos = await Promise.all(
          stores.map(({ name }) => manager.streams.info(`KV_${name}`, { subjects_filter: '>' })),
        );
        return infos.map(({ state }) => state.subjects ?? {});
      };
      await until(async () => (await all.master.master.stores.kv(buckets.stateFiles).get('root')) !== null, 'a tree');
      const before = await held();

      for (const { pattern } of requests) {
        for (const { name } of stores) {
          const reply = name === buckets.stateFiles.name ? `$KV.${name}.root` : `$KV.${name}.web-01`;
          all.bus.connection.publish(pattern, encode({}), { reply });
        }
      }
      all.bus.connection.publish('zester.ping', encode({}));
      await all.bus.flush();
      await answers(all.bus);

      const { counts } = all.master.master.troubles;
      const sent = requests.filter(({ pattern }) => !pattern.startsWith('zester.enroll')).length * stores.length + 1;
      await until(() => counts.get('REPLY_REFUSED') === sent, 'all are refused');
      assert.deepEqual(await held(), before);
    },
  },
  {
    promise: 'A7',
    name: 'a peel has facts of half a megabyte, which fill its record, and is shown and listed',
    quick: true,
    async run() {
      await using all = await scene();
      await using mallory = await liar(all.nats, 'mallory');
      mallory.say({ site: 'good' });
      await until(() => all.master.master.fleet.size === 1, 'it is known');

      mallory.say({ site: 'bad', arch: 'y'.repeat(200_000), os: { name: 'z'.repeat(350_000) } });

      const { fleet } = all.master.master;
      await until(() => fleet.over.has('mallory'), 'it is over the limit');
      const shown = (await peelShow.run({ peel: 'mallory' }, all.session)) as { facts: { arch: string }; over: string };
      const rows = (await peelList.run({ offline: false }, all.session)) as readonly { over?: string }[];
      assert.equal(shown.facts.arch.length, 200_000);
      assert.match(shown.over, /bytes of 262144/);
      assert.match(rows[0]?.over ?? '', /bytes of/);
      assert.deepEqual(fleet.resolve('G@site:good'), ['mallory']);
      const { checks = [] } = await all.bus.request(channels.doctor, {}, {});
      assert.equal(checks.find(({ name }) => name === 'facts')?.status, 'problem');
      await answers(all.bus);
    },
  },
  {
    promise: 'A7',
    name: 'a peel names its facts anew in every write',
    quick: true,
    async run() {
      await using all = await scene({ factLimits: { bytes: 262_144, keys: 4_096, everyMs: 0 } });
      await using mallory = await liar(all.nats, 'mallory');
      const { fleet } = all.master.master;
      const random = (round: number) =>
        Object.fromEntries(
          Array.from({ length: 60 }, (_, at) => [
            `k${round}-${at}`,
            Object.fromEntries(Array.from({ length: 60 }, (_, child) => [`c${round}-${child}`, child])),
          ]),
        );

      for (let round = 0; round < 75; round++) {
        mallory.say(random(round));
        await until(() => chosenBy(fleet, `G@k${round}-59.c${round}-1:1`) === 1, `write ${round} is known`);
        assert.ok(fleet.columns.used <= 60 * 61 + 1, `${fleet.columns.used} columns`);
      }
      mallory.say({ id: 'mallory' });
      await until(() => fleet.columns.used <= 2, 'the columns are freed');
      // More than it may have: the last good ones stay.
      mallory.say({ ...random(1), ...random(2) });
      await until(() => fleet.over.has('mallory'), 'it is over the limit');
      assert.deepEqual(fleet.resolve('G@id:mallory'), ['mallory']);
    },
  },
  {
    promise: 'A7',
    name: 'many peels have names for facts that nobody else has',
    quick: true,
    async run() {
      await using all = await scene();
      const { fleet } = all.master.master;
      const peels = Array.from({ length: 12 }, (_, at) => `bad-${at}`);
      for (const id of peels) {
        await using peel = await liar(all.nats, id);
        peel.say(Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`${id}-${at}`, at])));
        await peel.bus.flush();
      }

      await until(() => fleet.size === peels.length, 'all are known');
      assert.ok(fleet.columns.used <= 12 * 256 + 1, `${fleet.columns.used} columns`);
      // What has no column is found all the same.
      assert.deepEqual(fleet.resolve('G@bad-7-3999:3999'), ['bad-7']);
      assert.deepEqual(fleet.resolve('G@bad-7-1:1'), ['bad-7']);
    },
  },
  {
    promise: 'A7',
    name: 'a peel rewrites its facts as fast as it can',
    quick: true,
    async run() {
      await using all = await scene();
      const { fleet } = all.master.master;
      await using web = await liar(all.nats, 'web-01');
      await using mallory = await liar(all.nats, 'mallory');
      const filler = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`k${at}`, at]));
      mallory.say({ round: -1 });
      await until(() => fleet.size === 1, 'it is known');

      const started = Date.now();
      for (let round = 0; round < 1_000; round++) mallory.say({ ...filler, round });
      web.say({ id: 'web-01' });
      await Promise.all([mallory.bus.flush(), web.bus.flush()]);

      await until(() => fleet.resolve('G@id:web-01').length === 1, 'the other is heard at once');
      await answers(all.bus);
      await until(() => fleet.resolve('G@round:999').length === 1, 'the last of them counts');
      assert.ok(Date.now() - started < 10_000);
    },
  },
  {
    promise: 'A7',
    name: 'a peel beats with a version of half a megabyte',
    quick: true,
    async run() {
      await using all = await scene();
      await using mallory = await liar(all.nats, 'mallory');
      mallory.say({ id: 'mallory' });
      const beat = { v: 1, version: 'v'.repeat(500_000), state: 'up' as const, startedAt: Date.now() };

      for (let round = 0; round < 5; round++) mallory.bus.publish(channels.heartbeat, { peel: 'mallory' }, beat);
      mallory.bus.publish(channels.heartbeat, { peel: 'mallory' }, { ...beat, version: 'x' });

      await until(() => all.master.master.presence.isOnline('mallory'), 'it is there');
      const rows = (await peelList.run({ offline: false }, all.session)) as readonly { version: string }[];
      assert.equal(rows[0]?.version, 'x');
    },
  },
  {
    promise: 'A2',
    name: 'junk lies in every store before a master starts',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using rogue = await testMaster(nats);
      const { stores } = rogue.master;
      const good = jobRecord(nats, ['web-01']);
      const junk: readonly Uint8Array[] = [
        Uint8Array.of(0xc1, 0xff, 0x00, 0x9f),
        encode(good).subarray(0, 40),
        encode({ v: 'one', state: {}, facts: [], online: 'maybe' }),
        new Uint8Array(600_000).fill(0x91),
        new Uint8Array(0),
        encode(good),
      ];
      const watched = [buckets.presence, buckets.facts, buckets.jobs, buckets.activeJobs];
      for (const bucket of watched) {
        for (const [at, bytes] of junk.entries()) {
          const name = bucket === buckets.jobs || bucket === buckets.activeJobs ? newJid() : `bad-${at}`;
          if (bucket === buckets.activeJobs) await stores.kv(buckets.jobs).put(name, bytes);
          if (bucket === buckets.facts) rogue.bus.publishBytes(`$KV.facts.${name}`, bytes);
          else await stores.kv(bucket).put(name, bytes);
        }
      }
      await stores.kv(buckets.activeJobs).put('stray', encode({ owner: 'x' }));
      await stores.kv(buckets.jobs).put('stray', encode(good));
      await stores.kv(buckets.stateFiles).put('root', junk[0] as Uint8Array);
      await stores.kv(buckets.trust).put('bundle', junk[0] as Uint8Array);
      const bomb = { ...jobRecord(nats, ['web-01']), peels: deflateSync(Buffer.alloc(200_000_000, 0x61)) };
      await stores.kv(buckets.jobs).put(bomb.jid, encode({ ...bomb, state: 'running' }));
      await stores.kv(buckets.activeJobs).put(bomb.jid, encode({ owner: 'x' }));
      await stores.kv(buckets.jobs).put(good.jid, encode(good));
      await rogue.bus.flush();

      const before = process.memoryUsage().rss;
      await using master = await testMaster(nats);
      await using bus = await testBus(nats, nats.credentials.operator(), 'admin', false);

      await answers(bus);
      const { bad } = master.master;
      assert.ok(process.memoryUsage().rss - before < 150_000_000, 'the bomb did not go off');
      // A master answers before it has looked through all that lies there.
      await until(() => bad.all.some(({ key }) => key === bomb.jid), 'the bomb is known as bad');
      for (const { name } of [buckets.presence, buckets.facts, buckets.jobs]) {
        await until(() => (bad.counts.get(name) ?? 0) >= 5, `the bad records of ${name} are known`);
      }
      // Of a mark only the key counts.
      const stray = () => bad.all.some(({ bucket, key }) => bucket === buckets.activeJobs.name && key === 'stray');
      await until(stray, 'the stray mark is known as bad');
      const { jobs = [] } = await bus.request(channels.jobs, {}, { limit: 100 });
      assert.ok(jobs.some(({ jid }) => jid === good.jid));
      const { checks = [] } = await bus.request(channels.doctor, {}, {});
      assert.equal(checks.find(({ name }) => name === 'records')?.status, 'problem');
    },
  },
  {
    promise: 'A2',
    name: 'the root of the published tree is overwritten, with junk and with one that nobody signed',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using first = await testMaster(nats);
      const kv = first.master.stores.kv(buckets.stateFiles);
      await first.master.publishFiles();
      const forged = {
        v: 1,
        revision: Number.MAX_SAFE_INTEGER,
        tree: '00',
        index: [],
        files: 0,
        bytes: 0,
        publishedAt: 0,
        publisher: 'mallory',
      };
      const roots = [
        Uint8Array.of(0xc1),
        encode({ root: encode(forged), key: 'unknown', signature: new Uint8Array(64) }),
        encode({ root: encode({ ...forged, revision: 'x' }), key: 1, signature: 'no' }),
      ];
      for (const root of roots) {
        await kv.put('root', root);

        await using master = await testMaster(nats);
        await master.master.publishFiles();

        const { bad } = master.master;
        assert.notDeepEqual((await kv.get('root'))?.value, root);
        assert.equal((await master.master.publishFiles()).changed, false);
        assert.equal(bad.counts.get(buckets.stateFiles.name) ?? 0, 0, 'it is mended');
      }
    },
  },
  {
    promise: 'A2',
    name: 'a chunk of the published tree is overwritten',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using first = await testMaster(nats);
      await first.master.publishFiles();
      const kv = first.master.stores.kv(buckets.stateFiles);
      const keys = (await first.master.stores.keys(buckets.stateFiles)).filter((key) => key !== 'root');
      assert.ok(keys.length > 0);
      for (const key of keys) await kv.put(key, Uint8Array.of(1, 2, 3));

      // Another master with the same (empty) folder.
      await using second = await testMaster(nats);
      await second.master.publishFiles();

      for (const key of keys) assert.notDeepEqual((await kv.get(key))?.value, Uint8Array.of(1, 2, 3));
    },
  },
  {
    promise: 'A1',
    name: 'a master that lies gives pages that never end',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using liarBus = await testBus(nats, nats.credentials.master, 'liar');
      await using bus = await testBus(nats, nats.credentials.operator(), 'admin', false);
      let asked = 0;
      const row = { peel: 'web-01', online: true };
      liarBus.serve(channels.peels, async () => ({ peels: [row], next: ['a', 'b', 'a'][asked++ % 3] as string }));
      liarBus.serve(channels.resolve, async () => ({ peels: ['web-01'], next: 'web-01' }));
      let cursor = 0;
      liarBus.serve(channels.enrollments, async () => ({ enrollments: [], next: String(cursor++).padStart(9, '0') }));
      liarBus.serve(channels.jobs, async () => ({ jobs: [], next: 'same' }));
      await liarBus.flush();
      const { operatorSession } = await import('./support/bounds.ts');
      const session = operatorSession(bus);

      for (const run of [
        () => peelList.run({ offline: false }, session),
        () => target.run({ expression: '*' }, session),
        () => enrollList.run({ state: 'all' }, session),
        () => jobList.run({ limit: 50 }, session),
      ]) {
        await assert.rejects(run(), (error) => isError(error, 'PAGES_ENDLESS'));
      }
    },
  },
  {
    promise: 'A2',
    name: 'the stream of returns holds junk for a job that is shown',
    quick: true,
    async run() {
      await using all = await scene();
      await using mallory = await liar(all.nats, 'mallory');
      const [jid = ''] = await keepJobs(all, 1, ['mallory', 'web-01']);
      const junk = [Uint8Array.of(0xc1), new Uint8Array(300_000).fill(0x91)];

      for (const bytes of junk) mallory.bus.publishBytes(`zester.return.${jid}.mallory`, bytes);
      await mallory.bus.flush();
      const { manager } = all.master.master.stores;
      await until(async () => (await manager.streams.info(returnsStream.name)).state.messages > 0, 'it is stored');

      const program = { ...all.session, format: 'json' } as const;
      const shown = (await jobShow.run({ jid, full: false }, program)) as { results: readonly unknown[] };
      assert.equal(shown.results.length, 2);
      await answers(all.bus);
    },
  },
];

/** How many peels an expression chooses; none while nobody has such a fact, which is a mistake where a person asks. */
function chosenBy(fleet: Pick<Fleet, 'resolve'>, expression: string): number {
  try {
    return fleet.resolve(expression).length;
  } catch (error) {
    if (isError(error, 'TARGET_FACT_UNKNOWN')) return 0;
    throw error;
  }
}
