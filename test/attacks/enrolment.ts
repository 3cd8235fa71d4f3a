import assert from 'node:assert/strict';
import { connect as openTls } from 'node:tls';
import { networkOf } from '#base/http/network.ts';
import { rateLimit } from '#master/enroll/limits.ts';
import { enroll } from '#peel/enroll/enroll.ts';
import { createKey } from '#trust/nkeys.ts';
import { testEnrollment } from '../harness/enrollment.ts';
import { challenge, joinRequest, post, refused, tokenFor, until } from '../harness/joining.ts';
import { rawHttp } from '../harness/raw-http.ts';
import type { Attack } from './attack.ts';
import { mutations } from './support/mutate.ts';

const host = 'Host: x\r\n';
const ask = `POST /api/v1/enroll/challenge HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`;

/** The next good request is answered: the process lives, and so does its door. */
async function answersStill(port: number): Promise<void> {
  assert.equal((await rawHttp(port, [ask], { withinMs: 10_000 })).status, 200);
}

export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'somebody in between makes the enrolment door speak TLS 1.2, or no TLS',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { port } = master.server;
      const socket = openTls({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
      const end = await new Promise((resolve) => {
        socket.on('secureConnect', () => resolve('accepted'));
        socket.on('error', () => resolve('refused'));
      });

      assert.equal(end, 'refused');
      assert.equal((await rawHttp(port, [ask], { tls: false })).status, 0);
      await answersStill(port);
    },
  },
  {
    promise: 'A1',
    name: 'a stranger asks the enrolment door for addresses that are none',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { port } = master.server;
      const targets = ['//', 'http://[', 'http://', '*', '///', '/%', '/..', 'https://x:99999/', '?', '#', '\\', 'a'];

      for (const target of targets) {
        const { status, closed } = await rawHttp(port, [`GET ${target} HTTP/1.1\r\n${host}\r\n`]);
        assert.ok(closed || (status >= 400 && status < 500), `${target}: ${status}`);
        await answersStill(port);
      }
    },
  },
  {
    promise: 'A1',
    name: 'a stranger says three thousand things to the enrolment door that are nearly HTTP',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { port } = master.server;
      const body = JSON.stringify(await joinRequest(master, 'web-01'));
      const good = [
        ask,
        `GET /api/v1/enroll/ca HTTP/1.1\r\n${host}Accept: */*\r\n\r\n`,
        `POST /api/v1/enroll HTTP/1.1\r\n${host}Content-Length: ${body.length}\r\n\r\n${body}`,
        `POST /api/v1/enroll/renew HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\n{}x\r\n0\r\n\r\n`,
        `POST /api/v1/enroll HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
        `GET /api/v1/enroll/enr-${'a'.repeat(27)} HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      ];
      const all = mutations(good, { count: 3_000, seed: 7 });

      const next = all[Symbol.iterator]();
      const attacker = async () => {
        for (const said of next) await rawHttp(port, [said], { withinMs: 150 });
      };
      await Promise.all(Array.from({ length: 24 }, attacker));

      await answersStill(port);
    },
  },
  {
    promise: 'A1',
    name: 'strangers vanish in the middle of every step of enrolment',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { port } = master.server;
      const { id } = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
      const steps = [
        'POST /api/v1/enroll HT',
        `POST /api/v1/enroll HTTP/1.1\r\n${host}Content-Length: 50\r\n\r\n{"v":`,
        `GET /api/v1/enroll/${id} HTTP/1.1\r\n${host}\r\n`,
        `GET /api/v1/enroll/${id} HTTP/1.1\r\n${host}\r\n`.repeat(4),
      ];

      await Promise.all(steps.flatMap((said) => [1, 2, 3].map(() => rawHttp(port, [said], { withinMs: 40 }))));

      await answersStill(port);
    },
  },
  {
    promise: 'A1',
    name: 'a stranger sends heads without end, of one long line and of a thousand short ones',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { port } = master.server;
      const line = `GET / HTTP/1.1\r\n${host}X: `;

      for (const says of [
        [line, ...new Array(40).fill('y'.repeat(100_000))],
        [`GET / HTTP/1.1\r\n${host}`, ...new Array(200).fill('a: b\r\n'.repeat(100))],
      ]) {
        const { status, closed } = await rawHttp(port, says, { withinMs: 5_000 });
        assert.ok(closed || status === 431, `${status}`);
      }
      await answersStill(port);
    },
  },
  {
    promise: 'A8',
    name: 'a stranger announces ten gigabytes to the enrolment door',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const head = `POST /api/v1/enroll HTTP/1.1\r\n${host}Content-Length: 10737418240\r\n\r\n`;

      const { status, tookMs } = await rawHttp(master.server.port, [head]);

      assert.equal(status, 413);
      assert.ok(tookMs < 1_000, `${tookMs} ms`);
    },
  },
  {
    promise: 'A8',
    name: 'a stranger sends a body in chunks that never end',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const head = `POST /api/v1/enroll HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;
      const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`;

      const { status } = await rawHttp(master.server.port, [head, ...new Array(500).fill(chunk)]);

      assert.equal(status, 413);
      await answersStill(master.server.port);
    },
  },
  {
    promise: 'A8',
    name: 'a hundred strangers send a byte now and then, in the greeting, the head and the body',
    quick: false,
    async run() {
      const crowd = { phaseMs: { greeting: 500, head: 500, body: 500, answer: 5_000 } };
      await using master = await testEnrollment({ crowd });
      const { port } = master.server;
      const drip = (start: string) => [start, ...new Array(30).fill([100, 'x']).flat()];
      const slow = [
        () => rawHttp(port, [], { tls: false, withinMs: 6_000 }),
        () => rawHttp(port, drip('GET / HTTP/1.1\r\nX: '), { withinMs: 6_000 }),
        () => rawHttp(port, drip(`POST / HTTP/1.1\r\n${host}Content-Length: 99\r\n\r\n`), { withinMs: 6_000 }),
      ];

      const ends = await Promise.all(slow.flatMap((each) => Array.from({ length: 34 }, each)));

      assert.ok(ends.every(({ closed }) => closed));
      await until(() => master.server.size === 0);
      await answersStill(port);
    },
  },
  {
    promise: 'A7',
    name: 'a stranger takes every connection there is, and says nothing',
    quick: true,
    async run() {
      await using master = await testEnrollment({ crowd: { connections: 50, perSource: 40 } });
      const token = await tokenFor(master, {});
      const silent = Array.from({ length: 200 }, () => rawHttp(master.server.port, [], { withinMs: 4_000 }));
      await until(() => master.server.size === 40);

      await enroll(master.peel('web-01', { token }));

      assert.equal(master.service.holder('web-01')?.state, 'issued');
      assert.equal((await Promise.all(silent)).length, 200);
    },
  },
  {
    promise: 'A3',
    name: 'a stranger asks for ids to learn which there are, who holds them and what was decided',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      await enroll(master.peel('web-01', { token: await tokenFor(master, {}) }));
      const shape = (reply: object) => JSON.stringify({ ...reply, id: '', peel: '' });

      const held = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
      const free = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-99'));
      assert.equal(shape(held), shape(free));
      // Nor by how it ends: the id is given to another key, and the one who asked as well is turned away.
      const other = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-99'));
      await master.decide({ id: free.id });
      assert.equal(master.service.status(other.id).reason, undefined);
      const ids = [free.id, held.id, other.id, master.service.holder('web-01')?.id ?? ''];
      const { text } = await rawHttp(master.server.port, [`GET /api/v1/enroll/ca HTTP/1.1\r\n${host}\r\n`]);
      for (const secret of [...ids, master.nats.url, master.nats.dir]) assert.ok(!text.includes(secret), secret);
      assert.deepEqual(master.service.list({ id: held.id }).enrollments?.[0]?.doubts, ['id-held']);
    },
  },
  {
    promise: 'A3',
    name: 'a stranger makes the master fail, to read its paths and keys in the error',
    quick: true,
    async run() {
      const secret = '/var/lib/zester/auth/peel.seed';
      await using master = await testEnrollment({
        natsCa: () => {
          throw new Error(`cannot read ${secret}`);
        },
      });
      const peel = master.peel('web-01', { token: await tokenFor(master, {}), signal: AbortSignal.timeout(1_000) });

      await assert.rejects(enroll(peel));

      assert.match(peel.lines.join(''), /something is wrong on our side/);
      assert.ok(!peel.lines.join('').includes(secret));
    },
  },
  {
    promise: 'A7',
    name: 'a flood of strangers at the same address as a machine with a join token',
    quick: true,
    async run() {
      const quota = { pending: 20, pendingPerPeel: 3, pendingPerSource: 15 };
      await using master = await testEnrollment({ pace: {}, quota });
      const token = await tokenFor(master, { tokenUses: 20 });
      const flood = async (index: number) =>
        post(master, '/api/v1/enroll', await joinRequest(master, `flood-${index}`)).catch((error) => error);

      const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => flood(index)));
      const codes = new Set(answers.map(({ code, state }) => code ?? state));
      assert.deepEqual([...codes].sort(), ['ENROLL_TOO_FAST', 'pending']);
      for (let each = 0; each < 20; each++) master.clock.advance(10_000);
      await Promise.all(Array.from({ length: 20 }, (_, index) => flood(100 + index)));
      assert.equal(await refused(post(master, '/api/v1/enroll', await joinRequest(master, 'late'))), 'ENROLL_TOO_FAST');
      for (let index = 0; index < 20; index++) await enroll(master.peel(`web-${index}`, { token }));

      assert.equal(master.service.holder('web-19')?.state, 'issued');
    },
  },
  {
    promise: 'A7',
    name: 'a stranger floods from a hundred addresses of one network, and from one address written in many ways',
    quick: true,
    async run() {
      await using master = await testEnrollment({ quota: { pending: 500, pendingPerPeel: 5, pendingPerSource: 10 } });
      const from = async (index: number, source: string) =>
        refused(master.service.join(await joinRequest(master, `flood-${index}`), source));
      const sixes = Array.from({ length: 30 }, (_, index) => `2001:db8::${index.toString(16)}:1`);
      const fours = Array.from({ length: 30 }, (_, index) => (index % 2 ? '192.0.2.1' : '::ffff:192.0.2.1'));

      const [six, four] = await Promise.all([
        Promise.all(sixes.map((source, index) => from(index, source))),
        Promise.all(fours.map((source, index) => from(100 + index, source))),
      ]);

      for (const answers of [six, four]) assert.ok(answers.filter((each) => each === 'accepted').length <= 10 + 2);
      assert.equal(await from(999, '2001:db8:0:1::1'), 'accepted');
    },
  },
  {
    promise: 'A7',
    name: 'a stranger has a hundred thousand networks, to be forgotten by the table of who was slowed',
    quick: true,
    async run() {
      let now = 0;
      const limit = rateLimit({
        burst: 2,
        perSecond: 0.01,
        clock: { now: () => now, monotonic: () => now },
        maxSources: 1_000,
      });
      const source = (index: number) => `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`;
      for (let tries = 0; tries < 3; tries++) limit.take(source(0));

      let granted = 0;
      for (let index = 1; index <= 100_000; index++) {
        now += 0.1;
        if (limit.take(source(index)) === 0) granted++;
      }

      assert.equal(networkOf(source(1)), networkOf(source(1).replace('::1', '::2')));
      assert.ok(limit.take(source(0)) > 0, 'forgotten');
      // A burst for each bucket there may be, and what ten seconds give.
      assert.ok(granted < 1_000 + 2 * 1_024 + 10 * 0.01 * 2_024 + 10, `${granted}`);
    },
  },
  {
    promise: 'A7',
    name: 'two thousand strangers wait, and an operator turns them away at once, by glob, network, and all',
    quick: false,
    async run() {
      await using master = await testEnrollment({
        quota: { pending: 10_000, pendingPerPeel: 5, pendingPerSource: 10_000 },
      });
      const keys = Array.from({ length: 50 }, () => createKey('user'));
      for (let batch = 0; batch < 44; batch++) {
        const joins = keys.map(async (key, index) => {
          const id = `${batch % 2 ? 'web' : 'db'}-${batch}-${index}`;
          await master.service.join(await requestOf(master, id, key), batch < 4 ? `2001:db8::${batch}` : '192.0.2.9');
        });
        await Promise.all(joins);
      }
      const waiting = () => master.service.list({ state: 'pending' }).enrollments?.length;
      assert.equal(waiting(), 2_200);

      const one = await master.decide({ action: 'reject', peels: 'web-1-*' });
      assert.deepEqual([one.enrollments?.length, one.more, one.next], [50, undefined, undefined]);
      await master.decide({ action: 'reject', source: '2001:db8::/32' });
      assert.equal(waiting(), 2_000);
      await post(master, '/api/v1/enroll', await joinRequest(master, 'one-more'));
      const first = await master.decide({ action: 'reject', allPending: true });
      assert.deepEqual([first.enrollments?.length, first.more], [50, 1_950]);
      assert.ok(JSON.stringify(first).length < 64 * 1_024);
      await master.decide({ action: 'reject', allPending: true, ...(first.next ? { after: first.next } : {}) });

      assert.equal(waiting(), 0);
    },
  },
  {
    promise: 'held',
    name: 'a recorded request to join, to fetch and to renew is sent again',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const request = await joinRequest(master, 'web-01');
      await post(master, '/api/v1/enroll', request);

      for (let tries = 0; tries < 3; tries++)
        assert.equal(await refused(post(master, '/api/v1/enroll', request)), 'CHALLENGE_INVALID');
      const stale = await challenge(master);
      master.clock.advance(180_000);
      const late = { ...(await joinRequest(master, 'web-02')), challenge: stale };
      assert.equal(await refused(post(master, '/api/v1/enroll', late)), 'CHALLENGE_INVALID');
    },
  },
];

async function requestOf(
  { service, ca }: Awaited<ReturnType<typeof testEnrollment>>,
  peel: string,
  key: ReturnType<typeof createKey>,
) {
  const { signJoin } = await import('#trust/proofs.ts');
  const { challenge: fresh } = service.challenge();
  const curveKey = createKey('curve').publicKey;
  return signJoin({ v: 1, peel, key: key.publicKey, curveKey, challenge: fresh, caPin: ca.pin }, key.seed);
}
