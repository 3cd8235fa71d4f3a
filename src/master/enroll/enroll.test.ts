import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { enroll, type Membership } from '#peel/enroll.ts';
import { masterClient } from '#peel/master-client.ts';
import { parseCredentials } from '#trust/jwt.ts';
import { createKey } from '#trust/nkeys.ts';
import { signFetch, signJoin, signRenew } from '#trust/proofs.ts';
import { ChallengeReply, CredentialsReply, JoinReply, type JoinRequest } from '#wire/enroll.ts';
import { type TestEnrollment, testEnrollment } from '../../../test/harness/enrollment.ts';
import { matchesGlob } from './tokens.ts';

const day = 86_400_000;

describe('a peel joins', () => {
  test('with an operator’s approval, and is on the bus with what it was given', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01.example.com');

    const joining = enroll(peel);
    await pending(master);
    const reply = await master.decide({ peel: 'web-01.example.com' });
    const membership = await joining;
    await (await onBus(master, membership)).close();
    master.service.seen('web-01_example_com');
    await until(() => master.service.holder('web-01_example_com')?.state === 'active');

    assert.equal(reply.enrollments?.[0]?.decidedBy, 'admin');
    assert.equal(master.service.holder('web-01_example_com')?.key, peel.identity.key.publicKey);
    assert.equal(master.service.holder('web-01_example_com')?.curveKey, peel.identity.curve.publicKey);
    assert.match(
      peel.lines.join(''),
      new RegExp(`Waiting for approval.*${peel.fingerprint}.*zester enroll approve --peel web-01`),
    );
  });

  test('with a join token, without anybody', async () => {
    await using master = await testEnrollment();
    const token = await tokenFor(master, { tokenPeels: 'web-*', tokenUses: 2 });

    const membership = await enroll(master.peel('web-01', { token }));
    await (await onBus(master, membership)).close();
    await enroll(master.peel('web-02', { token }));

    assert.equal(master.service.holder('web-01')?.state, 'issued');
    assert.equal(await refusedJoin(master, { id: 'web-03', token }), 'TOKEN_USED');
  });

  test('again with the same key, and finds itself approved', async () => {
    await using master = await testEnrollment();
    const token = await tokenFor(master, {});
    const first = master.peel('web-01', { token });
    await enroll(first);

    await enroll(master.peel('web-01', { identity: first.identity }));

    assert.equal(master.service.list({}).enrollments?.length, 1);
  });
});

describe('a peel is turned away', () => {
  test('with a token that is wrong, over, used up, withdrawn or for others', async () => {
    await using master = await testEnrollment();
    const token = await tokenFor(master, { tokenPeels: 'web-*', tokenTtlMs: 60_000 });
    const [id = ''] = token.split('.');
    const wrong = `${id}.${'A'.repeat(32)}`;

    assert.equal(await refusedJoin(master, { id: 'web-01', token: wrong }), 'TOKEN_INVALID');
    assert.equal(await refusedJoin(master, { id: 'web-01', token: 'nonsense' }), 'TOKEN_INVALID');
    assert.equal(await refusedJoin(master, { id: 'db-01', token }), 'TOKEN_NOT_FOR_PEEL');
    master.clock.advance(120_000);
    assert.equal(await refusedJoin(master, { id: 'web-01', token }), 'TOKEN_EXPIRED');
    await master.decide({ action: 'token-revoke', id });
    assert.equal(await refusedJoin(master, { id: 'web-01', token }), 'TOKEN_INVALID');
    assert.deepEqual(master.service.list({}).enrollments, []);
  });

  test('with another key for an id that is held', async () => {
    await using master = await testEnrollment();
    await enroll(master.peel('web-01', { token: await tokenFor(master, {}) }));

    assert.equal(await refusedJoin(master, { id: 'web-01', token: await tokenFor(master, {}) }), 'ENROLL_ID_TAKEN');
  });

  test('with a challenge that was used, is old, or came from elsewhere', async () => {
    await using master = await testEnrollment();
    await using other = await testEnrollment();
    const request = await joinRequest(master, 'web-01');
    await post(master, '/api/v1/enroll', request);

    assert.equal(await refused(post(master, '/api/v1/enroll', request)), 'CHALLENGE_INVALID');
    assert.equal(
      await refused(post(master, '/api/v1/enroll', await joinRequest(other, 'web-02'))),
      'CHALLENGE_INVALID',
    );
    const old = await joinRequest(master, 'web-03');
    master.clock.advance(10 * 60_000);
    assert.equal(await refused(post(master, '/api/v1/enroll', old)), 'CHALLENGE_INVALID');
  });

  test('when anything in its request was changed on the way', async () => {
    await using master = await testEnrollment();
    const changes: Partial<JoinRequest>[] = [
      { peel: 'web-02' },
      { curveKey: createKey('curve').publicKey },
      { hostname: 'elsewhere' },
      { caPin: 'sha256:00' },
      { token: 'tok-x.y' },
      { key: createKey('user').publicKey },
    ];

    for (const change of changes) {
      const forged = { ...(await joinRequest(master, 'web-01')), ...change };
      assert.equal(await refused(post(master, '/api/v1/enroll', forged)), 'ENROLL_FORGED', Object.keys(change).join());
    }
  });

  test('when it is rejected, with the reason, and may ask again later', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01');
    const reply = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', peel.identity.key));
    await master.decide({ action: 'reject', id: reply.id, reason: 'not ours' });

    const again = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', peel.identity.key));
    master.clock.advance(11 * 60_000);
    const later = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', peel.identity.key));

    assert.deepEqual([again.state, again.reason], ['rejected', 'not ours']);
    assert.equal(later.state, 'pending');
    assert.notEqual(later.id, reply.id);
  });
});

describe('somebody in between', () => {
  test('who lets a peel trust another root, is seen: no approval, and no token helps', async () => {
    await using master = await testEnrollment();
    await using between = await testEnrollment();
    const token = await tokenFor(master, {});
    const request = await joinRequest(master, 'web-01', createKey('user'), { caPin: between.ca.pin, token });

    const reply = await post(master, '/api/v1/enroll', request);

    assert.equal(reply.state, 'pending');
    assert.equal(master.service.list({ id: reply.id }).enrollments?.[0]?.trust, 'mismatch');
    assert.equal(await refused(master.decide({ id: reply.id })), 'ENROLL_CA_MISMATCH');
    assert.match((await master.decide({ allPending: true })).warning ?? '', /web-01/);
    assert.equal((await master.decide({ id: reply.id, force: true })).enrollments?.[0]?.state, 'approved');
  });

  test('who strips the pin is seen as well', async () => {
    await using master = await testEnrollment();
    const { caPin: _stripped, ...request } = await joinRequest(master, 'web-01');

    assert.equal(await refused(post(master, '/api/v1/enroll', request)), 'ENROLL_FORGED');
  });

  test('cannot fetch the credentials of another', async () => {
    await using master = await testEnrollment();
    const reply = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
    await master.decide({ id: reply.id });
    const body = signFetch(reply.id, { v: 1, challenge: await challenge(master) }, createKey('user').seed);

    const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
    const fetched = client.ask(CredentialsReply, {
      method: 'POST',
      path: `/api/v1/enroll/${reply.id}/credentials`,
      body,
    });

    assert.equal(await refused(fetched), 'ENROLL_FORGED');
  });
});

describe('several ask for one id', () => {
  test('and an operator chooses by fingerprint; the others are turned away', async () => {
    await using master = await testEnrollment();
    const [real, squatter] = [createKey('user'), createKey('user')];
    const first = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', squatter));
    const second = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', real));

    assert.equal(await refused(master.decide({ peel: 'web-01' })), 'ENROLL_AMBIGUOUS');
    await master.decide({ id: second.id });

    assert.equal(master.service.holder('web-01')?.key, real.publicKey);
    assert.equal(master.service.status(first.id).state, 'rejected');
  });

  test('and two masters approve at once: one wins', async () => {
    await using master = await testEnrollment();
    await using other = await master.another();
    const one = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
    const two = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
    await until(() => other.list({}).enrollments?.length === 2);
    const decision = { v: 1, action: 'approve', issuedAt: master.clock.now() } as const;

    await Promise.allSettled([
      master.service.decideAs('a', { ...decision, id: one.id }),
      other.decideAs('b', { ...decision, id: two.id }),
    ]);

    const states = [one, two].map(({ id }) => master.service.status(id).state);
    assert.equal(states.filter((state) => state === 'approved').length, 1, states.join());
    await until(() => other.holder('web-01')?.id === master.service.holder('web-01')?.id);
  });

  test('but not without end', async () => {
    await using master = await testEnrollment({ quota: { pending: 3, pendingPerPeel: 2, pendingPerSource: 50 } });
    for (const id of ['a', 'a', 'b']) await post(master, '/api/v1/enroll', await joinRequest(master, id));

    assert.equal(await refused(post(master, '/api/v1/enroll', await joinRequest(master, 'c'))), 'ENROLL_BUSY');
    master.clock.advance(2 * day);
    await master.service.sweep();
    assert.equal((await post(master, '/api/v1/enroll', await joinRequest(master, 'c'))).state, 'pending');
  });
});

describe('a revoked peel', () => {
  test('is cut off within five seconds, for good, and others are not', async () => {
    await using master = await testEnrollment();
    const [mine, theirs] = [master.peel('web-01'), master.peel('web-02')];
    for (const each of [mine, theirs]) void enroll(each).catch(() => {});
    await until(() => master.service.list({ state: 'pending' }).enrollments?.length === 2);
    await master.decide({ allPending: true });
    const [member, other] = [await enroll(mine), await enroll(theirs)];
    const [connection, untouched] = [await onBus(master, member), await onBus(master, other)];

    const asked = performance.now();
    const reply = await master.decide({ action: 'revoke', peel: 'web-01', reason: 'stolen' });
    await connection.closed();
    const tookMs = performance.now() - asked;

    assert.equal(reply.warning, undefined);
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
    assert.deepEqual(master.forgotten, ['web-01']);
    assert.equal(master.service.isRevoked('web-01'), true);
    await untouched.flush();
    await untouched.close();
    await assert.rejects(onBus(master, member));
    await master.nats.restart();
    await assert.rejects(onBus(master, member));
    await (await onBus(master, other)).close();
  });

  test('gets no new credentials, and comes back by an operator’s word only', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01', { token: await tokenFor(master, { tokenUses: 5 }) });
    await enroll(peel);
    await master.decide({ action: 'revoke', peel: 'web-01' });

    const { key } = peel.identity;
    const body = signRenew({ v: 1, peel: 'web-01', key: key.publicKey, challenge: await challenge(master) }, key.seed);
    assert.equal(await refused(renew(master, body)), 'ENROLL_REVOKED');
    master.clock.advance(11 * 60_000);
    const again = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', key, { token: peel.token }));
    assert.equal(again.state, 'pending');
    await master.decide({ id: again.id });
    const membership = await enroll(master.peel('web-01', { identity: peel.identity }));

    await (await onBus(master, membership)).close();
  });

  test('stays revoked for a master that hears of it later', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01', { token: await tokenFor(master, {}) });
    const member = await enroll(peel);
    await master.decide({ action: 'revoke', peel: 'web-01' });

    await using other = await master.another();

    assert.equal(other.isRevoked('web-01'), true);
    await assert.rejects(onBus(master, member));
  });
});

describe('a decision', () => {
  test('counts from operators only, once, and of now', async () => {
    await using master = await testEnrollment();
    const { operator, peel } = master.nats.credentials;

    assert.equal(await refused(master.decide({ allPending: true }, peel('web-01'))), 'OPERATOR_UNKNOWN');
    assert.equal(await refused(master.decide({ issuedAt: Date.now() - 3_600_000, allPending: true })), 'REQUEST_STALE');
    assert.equal(await refused(master.decide({ id: 'enr-x', peel: 'web-01' })), 'ENROLL_CHOICE');
    assert.equal(await refused(master.decide({ id: 'enr-x' })), 'ENROLL_UNKNOWN');
    const decision = { action: 'token-create', issuedAt: Date.now() } as const;
    await master.decide(decision, operator());
    assert.equal(await refused(master.decide(decision, operator())), 'DECISION_REPLAYED');
  });

  test('is refused when the policy says so', async () => {
    await using master = await testEnrollment({
      policy: ({ name }) => {
        if (name !== 'alice') throw new Error('no');
      },
    });

    await assert.rejects(master.decide({ allPending: true }));
    await master.decide({ allPending: true }, master.nats.credentials.operator('alice'));
  });
});

describe('the service', () => {
  test('slows a flood, refuses long bodies and unknown addresses', async () => {
    await using master = await testEnrollment({
      pace: { join: { burst: 2, perSecond: 0.001 }, ask: { burst: 100, perSecond: 1 } },
    });
    const long = { ...(await joinRequest(master, 'web-01')), hostname: 'x'.repeat(5_000) };

    assert.equal(await refused(post(master, '/api/v1/enroll', long)), 'ENROLL_MALFORMED');
    await post(master, '/api/v1/enroll', await joinRequest(master, 'web-02'));
    assert.equal(await refused(post(master, '/api/v1/enroll', await joinRequest(master, 'web-03'))), 'ENROLL_TOO_FAST');
    assert.equal(await refused(post(master, '/api/v1/elsewhere', {})), 'ROUTE_UNKNOWN');
    assert.equal(await refused(post(master, '/api/v1/enroll/renew', { v: 1 })), 'ENROLL_MALFORMED');
  });

  test('never shows operators what a stranger could do to their terminal', async () => {
    await using master = await testEnrollment();
    const nasty = '\u001b[2Jweb\u202e\u0007\n01';

    const { id } = await post(
      master,
      '/api/v1/enroll',
      await joinRequest(master, 'web-01', createKey('user'), { hostname: nasty }),
    );

    assert.equal(master.service.list({ id }).enrollments?.[0]?.hostname, '?[2Jweb???01');
  });

  test('renews its certificate without closing the door', async () => {
    await using master = await testEnrollment();
    const { id } = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
    const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
    const waiting = client.ask(JoinReply, { method: 'GET', path: `/api/v1/enroll/${id}`, timeoutMs: 60_000 });
    const before = await servedUntil(master);

    master.clock.advance(61 * day);
    await until(async () => (await servedUntil(master)) > before);
    await master.decide({ id });

    assert.equal((await waiting).state, 'approved');
  });
});

test('a glob chooses peel ids by their human form', () => {
  assert.equal(matchesGlob('web-*.example.com', 'web-01.example.com'), true);
  assert.equal(matchesGlob('web-*.example.com', 'web-01_example_com'), false);
  assert.equal(matchesGlob('web-0?', 'web-01'), true);
  assert.equal(matchesGlob('web', 'web-01'), false);
  assert.equal(matchesGlob('*', ''), true);
});

async function pending(master: TestEnrollment): Promise<void> {
  await until(() => (master.service.list({ state: 'pending' }).enrollments?.length ?? 0) > 0);
}

async function tokenFor(master: TestEnrollment, wish: Parameters<TestEnrollment['decide']>[0]): Promise<string> {
  const { token } = await master.decide({
    action: 'token-create',
    issuedAt: master.clock.now() + Math.random(),
    ...wish,
  });
  assert.ok(token);
  return token;
}

async function onBus(master: TestEnrollment, member: Membership) {
  const options = master.nats.options(parseCredentials(member.credentials()));
  return connect({ ...options, servers: [...member.natsUrls], reconnect: false, maxReconnectAttempts: 0 });
}

async function rootOf({ url, ca }: TestEnrollment): Promise<string> {
  const { readFileSync } = await import('node:fs');
  assert.ok(url);
  return readFileSync(`${ca.dir}/root.crt`, 'utf8');
}

async function challenge(master: TestEnrollment): Promise<string> {
  const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
  return (await client.ask(ChallengeReply, { method: 'POST', path: '/api/v1/enroll/challenge', body: {} })).challenge;
}

async function joinRequest(
  master: TestEnrollment,
  peel: string,
  key = createKey('user'),
  more: Partial<Record<'caPin' | 'token' | 'hostname', string | undefined>> = {},
): Promise<JoinRequest> {
  const curveKey = createKey('curve').publicKey;
  const request = {
    v: 1,
    peel,
    key: key.publicKey,
    curveKey,
    challenge: await challenge(master),
    caPin: master.ca.pin,
  };
  return signJoin({ ...request, ...(more as { caPin?: string }) }, key.seed);
}

async function post(master: TestEnrollment, path: string, body: unknown): Promise<JoinReply> {
  return masterClient({ urls: [master.url], ca: await rootOf(master) }).ask(JoinReply, { method: 'POST', path, body });
}

async function renew(master: TestEnrollment, body: unknown): Promise<CredentialsReply> {
  const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
  return client.ask(CredentialsReply, { method: 'POST', path: '/api/v1/enroll/renew', body });
}

async function refusedJoin(master: TestEnrollment, { id, token }: { id: string; token: string }): Promise<string> {
  return refused(
    joinRequest(master, id, createKey('user'), { token }).then((body) => post(master, '/api/v1/enroll', body)),
  );
}

async function refused(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'accepted';
}

async function servedUntil({ url }: TestEnrollment): Promise<number> {
  const { connect: open } = await import('node:tls');
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = open({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
    resolve(Date.parse(socket.getPeerCertificate().valid_to));
    socket.destroy();
  });
  // At the very moment of the change a connection may be refused; whoever joins asks again.
  socket.once('error', () => resolve(0));
  return promise;
}

/** Looks again at every turn of the event loop until it is so. */
async function until(claim: () => boolean | Promise<boolean>, withinMs = 8_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await claim())) {
    assert.ok(Date.now() < end, `not so within ${withinMs} ms: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
