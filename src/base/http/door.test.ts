import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { rawHttp } from '../../../test/harness/raw-http.ts';
import { type Door, type DoorOptions, openDoor, pathOf } from './door.ts';

const host = 'Host: x\r\n';
const short = { greeting: 100, head: 100, body: 150, answer: 300 };

describe('every request ends in an answer or a closed socket', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['a path that is none', `GET // HTTP/1.1\r\n${host}\r\n`, 200],
    ['an address that is none', `GET http://[ HTTP/1.1\r\n${host}\r\n`, 200],
    ['an absolute address', `GET https://elsewhere/a HTTP/1.1\r\n${host}\r\n`, 200],
    ['no HTTP at all', '\x00\x01\xff\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n', 400],
    ['a negative length', `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\nabc`, 400],
    ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a head that is too long', `GET / HTTP/1.1\r\n${host}X: ${'y'.repeat(9_000)}\r\n\r\n`, 431],
    ['a wish that is none', `POST / HTTP/1.1\r\n${host}Expect: more\r\nContent-Length: 1\r\n\r\n`, 417],
    ['a tunnel', `CONNECT x:1 HTTP/1.1\r\n${host}\r\n`, 405],
    ['another protocol', `GET /a HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 200],
    ['an answer that cannot be written', `GET /crooked HTTP/1.1\r\n${host}\r\n`, 0],
    ['an answer that cannot be made', `GET /throws HTTP/1.1\r\n${host}\r\n`, 500],
    ['a failure that cannot be told', `GET /fails HTTP/1.1\r\n${host}\r\n`, 0],
  ];
  for (const [name, text, status] of cases) {
    test(name, async () => {
      await using door = await testDoor();

      const answer = await rawHttp(door.port, [text], { tls: false });

      assert.equal(answer.status, status, answer.text);
      assert.ok(status !== 0 || answer.closed);
      assert.equal((await rawHttp(door.port, [`GET /good HTTP/1.1\r\n${host}\r\n`], { tls: false })).status, 200);
    });
  }

  test('so do those that come in one piece', async () => {
    await using door = await testDoor();
    const one = `GET /a HTTP/1.1\r\n${host}\r\n`;

    assert.equal(
      (await rawHttp(door.port, [one.repeat(3)], { tls: false, answers: 3 })).text.match(/200 OK/g)?.length,
      3,
    );
    assert.ok((await rawHttp(door.port, [`GET /waits HTTP/1.1\r\n${host}\r\n`.repeat(50)], { tls: false })).closed);
  });

  test('so does that of one who leaves', async () => {
    let left = false;
    await using door = await testDoor({
      answer: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            left = true;
            resolve({ status: 200, body: 'too late' });
          });
        }),
    });

    await rawHttp(door.port, [`GET /a HTTP/1.1\r\n${host}\r\n`], { tls: false, withinMs: 50 });
    for (const end = Date.now() + 2_000; !left && Date.now() < end; ) await new Promise((done) => setTimeout(done, 5));

    assert.ok(left);
  });
});

describe('a body', () => {
  test('that says it is too long is refused before any of it is read', async () => {
    await using door = await testDoor();
    const head = `POST /a HTTP/1.1\r\n${host}Content-Length: 100000000\r\n`;

    for (const text of [`${head}\r\n`, `${head}Expect: 100-continue\r\n\r\n`]) {
      const answer = await rawHttp(door.port, [text], { tls: false });
      assert.equal(answer.status, 413);
      assert.doesNotMatch(answer.text, /100 Continue/);
      assert.match(answer.text, /connection: close/i);
    }
  });

  test('that does not say how long it is ends at the limit', async () => {
    await using door = await testDoor();
    const head = `POST /a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;

    assert.equal((await rawHttp(door.port, [head, '3\r\nabc\r\n0\r\n\r\n'], { tls: false })).status, 200);
    assert.equal((await rawHttp(door.port, [head, `ffff\r\n${'x'.repeat(5_000)}`], { tls: false })).status, 413);
    assert.equal((await rawHttp(door.port, [head, '1;', 'x'.repeat(200_000)], { tls: false })).closed, true);
  });

  test('is asked for when it is short enough', async () => {
    await using door = await testDoor();
    const head = `POST /echo HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`;

    const answer = await rawHttp(door.port, [head, 50, 'abc'], { tls: false, answers: 2 });

    assert.match(answer.text, /100 Continue.*200 OK.*abc$/s);
  });
});

describe('who is slow', () => {
  for (const [name, says] of [
    ['to begin', []],
    ['in the head', ['GET / HTTP/1.1\r\n', 60, 'A: b\r\n', 60, 'B: c\r\n', 60, 'C: d\r\n', 60, 'D: e\r\n', 60]],
    ['in the body', [`POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\n`, 60, 'a', 60, 'b', 60, 'c', 60, 'd']],
    ['to ask again', [`GET /a HTTP/1.1\r\n${host}\r\n`]],
  ] as const) {
    test(`${name} is cut off`, async () => {
      await using door = await testDoor({ crowd: { phaseMs: short } });

      const { closed, tookMs } = await rawHttp(door.port, says, { tls: false, answers: 2, withinMs: 2_000 });

      assert.ok(closed && tookMs < 1_000, `${closed} ${tookMs} ms`);
    });
  }

  test('gives way to whoever comes, those who said nothing first', async () => {
    await using door = await testDoor({ crowd: { connections: 3, perSource: 3 } });
    const waiting = rawHttp(door.port, [`GET /waits HTTP/1.1\r\n${host}\r\n`], { tls: false, withinMs: 1_500 });
    await untilSize(door, 1);
    const silent = [1, 2].map(() => rawHttp(door.port, [], { tls: false, withinMs: 1_500 }));
    await untilSize(door, 3);

    const answer = await rawHttp(door.port, [`GET /good HTTP/1.1\r\n${host}\r\n`], { tls: false });

    assert.equal(answer.status, 200);
    assert.equal((await silent[0])?.closed, true);
    assert.equal((await waiting).closed, false);
    assert.ok(door.size <= 3);
  });
});

test('the path of a target is there or not, and never an error', () => {
  assert.equal(pathOf('/a/b?c'), '/a/b');
  assert.equal(pathOf('//'), '//');
  assert.equal(pathOf('https://host/a?b'), '/a');
  for (const target of ['', '*', 'http://[', 'host:443', '?', '\\', '%'])
    assert.doesNotThrow(() => pathOf(target), target);
});

async function testDoor(options: Partial<DoorOptions> = {}): Promise<Door> {
  return openDoor(
    createServer(),
    { host: '127.0.0.1', port: 0 },
    {
      answer: ({ path, body }) => {
        if (path === '/throws' || path === '/fails') throw new Error(path);
        if (path === '/waits') return new Promise(() => {});
        if (path === '/crooked') return { status: 200, headers: { 'x-a': 'b\r\nc' }, body: '' };
        return { status: 200, body: path === '/echo' ? body.toString() : 'good' };
      },
      failed: (error) => {
        if ((error as Error).message === '/fails') throw error;
        return { status: (error as { code?: string }).code === 'BODY_TOO_LONG' ? 413 : 500, body: 'failed' };
      },
      maxBodyBytes: 1_000,
      ...options,
    },
  );
}

async function untilSize(door: Door, size: number): Promise<void> {
  for (const end = Date.now() + 2_000; door.size !== size; ) {
    assert.ok(Date.now() < end, `${door.size} connections`);
    await new Promise((done) => setTimeout(done, 5));
  }
}
