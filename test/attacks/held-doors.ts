import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isError } from '#base/errors.ts';
import { connectBus } from '#bus/connect.ts';
import { createAuthority, issueLeaf } from '#trust/ca.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { type Arena, sharedArena } from './support/arena.ts';
import { heardFrom, knock, openPlain, openTls, shake } from './support/door.ts';
import { assertFleetWorks } from './support/fleet-works.ts';
import { urlOf } from './support/joining.ts';
import { startProgram } from './support/program.ts';

/** The two doors of a fleet: the enrolment service, and the NATS server. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'a client asks both doors for TLS 1.2 and less',
    quick: true,
    async run() {
      const arena = await sharedArena();
      for (const { port, ca } of doorsOf(arena)) {
        for (const maxVersion of ['TLSv1.2', 'TLSv1.1'] as const) {
          await assert.rejects(shake(port, { ca, minVersion: 'TLSv1', maxVersion }), `${port} speaks ${maxVersion}`);
        }
        assert.equal(await shake(port, { ca }), 'TLSv1.3');
      }
    },
  },
  {
    promise: 'held',
    name: 'a client speaks in plain text at both doors',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const words = [
        'CONNECT {"verbose":true}\r\nPING\r\n',
        'GET /api/v1/enroll/ca HTTP/1.1\r\nHost: x\r\n\r\n',
        '\0\0\0',
      ];
      const tries = doorsOf(arena).flatMap(({ port }) => words.map((word) => ({ port, word })));
      const answers = tries.map(async ({ port, word }) => {
        const socket = await openPlain(port);
        const heard = heardFrom(socket, 2_000);
        socket.write(word);
        const { text } = await heard;
        socket.destroy();
        return text;
      });
      for (const text of await Promise.all(answers)) {
        assert.doesNotMatch(text, /INFO|PONG|\+OK|"server_id"|HTTP\/1.1 200|challenge|BEGIN CERTIFICATE/);
      }
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a server with the certificate of another CA waits for operators and peels to log in',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using other = await testNats();
      const credentials = formatCredentials(arena.admin);

      const attempt = connectBus({ servers: [other.url], ca: arena.nats.ca, credentials, name: 'admin', retry: false });
      await assert.rejects(attempt, (error) => isError(error, 'BUS_UNTRUSTED'));
      await assert.rejects(
        connectBus({ servers: [other.url.replace('tls:', 'nats:')], credentials, name: 'admin', retry: false }),
        (error) => isError(error, 'PLAINTEXT_REFUSED'),
      );
      const { code, stderr } = await arena.zester('*', 'test.ping', '--server', other.url);
      assert.equal(code, 1);
      assert.match(stderr, /BUS_UNTRUSTED/);
      // Nobody got as far as to show who they are.
      const since = other.logs().split('Server is ready')[1] ?? '';
      assert.match(since, /TLS handshake error/);
      assert.doesNotMatch(since, /authentication|nkey|jwt/i);
    },
  },
  {
    promise: 'held',
    name: 'a false master waits for peels and their join tokens',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const authority = createAuthority({ name: 'False', now: Date.now() });
      const names = ['localhost', '127.0.0.1'];
      const leaf = issueLeaf(authority.intermediate, { names, now: Date.now(), lifetimeMs: 86_400_000 });
      const asked: string[] = [];
      const server = createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
        let body = '';
        request.on('data', (chunk) => {
          body += String(chunk);
        });
        request.on('end', () => {
          asked.push(`${request.method} ${request.url} ${body}`);
          // It says of itself what a true one says: its root, and the pin that everybody knows.
          response.end(
            JSON.stringify({ v: 1, ca: authority.root.certificate, pin: arena.pin, natsUrls: [arena.nats.url] }),
          );
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const token = await arena.joinToken();
      const dir = join(arena.dir, 'deceived');
      try {
        await using peel = await startProgram({
          name: 'deceived peel',
          argv: [
            ...[process.execPath, 'src/bin/zester-peel.ts', '--config=/dev/null', '--id=deceived', '--health-addr='],
            ...[`--master-urls=https://127.0.0.1:${port}`, `--enroll-ca-pin=${arena.pin}`, `--auth-dir=${dir}/auth`],
            ...[`--data-dir=${dir}`, `--states-cache=${dir}/states`, `--root=${dir}/root`],
          ],
          env: { ZESTER_JOIN_TOKEN: token },
        });
        await peel.logged(/PIN_MISMATCH|UNTRUSTED|pin|certificate/i);
      } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }

      assert.deepEqual(
        asked.filter((each) => !each.startsWith('GET /api/v1/enroll/ca')),
        [],
        'a peel told a stranger more than that it looks for its master',
      );
      assert.ok(!asked.some((each) => each.includes(token)));
    },
  },
  {
    promise: 'held',
    name: 'hundreds of clients dribble their headers at the enrolment door',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const { port } = new URL(urlOf(arena));
      await dribble(arena, Number(port), 'POST /api/v1/enroll HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    },
  },
  {
    promise: 'held',
    name: 'hundreds of clients dribble their bodies at the enrolment door',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const { port } = new URL(urlOf(arena));
      const head =
        'POST /api/v1/enroll HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"';
      await dribble(arena, Number(port), head);
    },
  },
  {
    promise: 'held',
    name: 'hundreds of clients open connections to both doors and say nothing',
    quick: false,
    async run() {
      const arena = await sharedArena();
      const sockets = [];
      try {
        for (const { port } of doorsOf(arena)) {
          for (let count = 0; count < 300; count++) sockets.push(await openPlain(port));
        }
        const startedAt = performance.now();
        await assertDoorAnswers(arena);
        await assertFleetWorks(arena);
        assert.ok(performance.now() - startedAt < 8_000, 'the fleet is slow beside them');
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
  },
];

interface Door {
  readonly port: number;
  readonly ca: string;
}

function doorsOf(arena: Arena): readonly Door[] {
  return [
    { port: Number(new URL(urlOf(arena)).port), ca: arena.ca },
    { port: Number(new URL(arena.nats.url).port), ca: arena.nats.ca },
  ];
}

/** The door answers others meanwhile, and does not wait for them for ever. */
async function dribble(arena: Arena, port: number, head: string): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: 200 }, () => openTls(port, arena.ca)));
  const closed = sockets.map((socket) => heardFrom(socket, 40_000));
  for (const socket of sockets) socket.write(head);
  const timer = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('x');
  }, 500);
  try {
    for (let count = 0; count < 5; count++) {
      const startedAt = performance.now();
      await assertDoorAnswers(arena);
      assert.ok(performance.now() - startedAt < 3_000, 'the door is slow beside them');
    }
    const answers = await Promise.all(closed);
    assert.ok(
      answers.every((each) => each.closed),
      'some were waited for longer than 40 s',
    );
  } finally {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  }
  await assertFleetWorks(arena);
}

async function assertDoorAnswers(arena: Arena): Promise<void> {
  const { status, body } = await knock(urlOf(arena), '/api/v1/enroll/ca', { ca: arena.ca });
  assert.equal(status, 200);
  assert.equal(body.pin, arena.pin);
}
