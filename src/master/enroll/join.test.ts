import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enroll } from '#peel/enroll/enroll.ts';
import { masterClient } from '#peel/enroll/master-client.ts';
import { createKey } from '#trust/nkeys.ts';
import { signFetch } from '#trust/proofs.ts';
import { CredentialsReply, type JoinRequest } from '#wire/enroll.ts';
import { testEnrollment } from '../../../test/harness/enrollment.ts';
import {
  challenge,
  joinRequest,
  onBus,
  pending,
  post,
  refused,
  refusedJoin,
  rootOf,
  tokenFor,
  until,
} from '../../../test/harness/joining.ts';

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

  test('with another key for an id that is held, without being told so: operators see it', async () => {
    await using master = await testEnrollment();
    await enroll(master.peel('web-01', { token: await tokenFor(master, {}) }));
    const token = await tokenFor(master, {});
    const [held, free, withToken] = await Promise.all([
      joinRequest(master, 'web-01').then((body) => post(master, '/api/v1/enroll', body)),
      joinRequest(master, 'web-02').then((body) => post(master, '/api/v1/enroll', body)),
      joinRequest(master, 'web-01', createKey('user'), { token }).then((body) => post(master, '/api/v1/enroll', body)),
    ]);
    const doubts = ({ id }: { id: string }) => master.service.list({ id }).enrollments?.[0]?.doubts;

    for (const reply of [held, free, withToken]) assert.deepEqual(Object.keys(reply), ['id', 'peel', 'state']);
    assert.deepEqual([held.state, free.state, withToken.state], ['pending', 'pending', 'pending']);
    assert.deepEqual([doubts(held), doubts(free), doubts(withToken)], [['id-held'], undefined, ['id-held']]);
    assert.equal(await refused(master.decide({ id: held.id })), 'ENROLL_ID_TAKEN');
    assert.match((await master.decide({ allPending: true })).warning ?? '', /web-01.*another key holds this id/);
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
