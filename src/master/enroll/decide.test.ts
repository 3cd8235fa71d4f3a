import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enroll } from '#peel/enroll/enroll.ts';
import { masterClient } from '#peel/enroll/master-client.ts';
import { createKey } from '#trust/nkeys.ts';
import { signRenew } from '#trust/proofs.ts';
import { JoinReply } from '#wire/enroll.ts';
import { testEnrollment } from '../../../test/harness/enrollment.ts';
import {
  challenge,
  joinRequest,
  onBus,
  post,
  refused,
  renew,
  rootOf,
  servedUntil,
  tokenFor,
  until,
} from '../../../test/harness/joining.ts';
import { matchesGlob } from './tokens.ts';

const day = 86_400_000;

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

    assert.equal(await refused(post(master, '/api/v1/enroll', long)), 'BODY_TOO_LONG');
    assert.equal(await refused(post(master, '/api/v1/enroll', { v: 1 })), 'ENROLL_MALFORMED');
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

    assert.equal(master.service.list({ id }).enrollments?.[0]?.hostname, '\\x1b[2Jweb\\u202e\\x07\\n01');
  });

  test('renews its certificate without closing the door', async () => {
    await using master = await testEnrollment();
    const { id } = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01'));
    const client = masterClient({ urls: [master.url], ca: await rootOf(master) });
    const asked = Promise.withResolvers<void>();
    const { settled } = master.service;
    master.service.settled = (...args) => {
      asked.resolve();
      return settled(...args);
    };
    const waiting = client.ask(JoinReply, { method: 'GET', path: `/api/v1/enroll/${id}`, timeoutMs: 60_000 });
    await asked.promise;
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
