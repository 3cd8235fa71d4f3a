import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode, encode } from '#wire/codec.ts';
import type { SignedTrust, TrustBundle } from '#wire/enroll.ts';
import type { JobOrder, JobRequest, SignedOrder } from '#wire/job.ts';
import { userJwt } from './account.ts';
import { acceptBundle, signBundle } from './bundle.ts';
import { createUser } from './init-auth.ts';
import type { Credentials } from './jwt.ts';
import { createKey } from './nkeys.ts';
import {
  type NewOrder,
  openKill,
  openOrder,
  openRoot,
  signDecision,
  signKill,
  signKillRequest,
  signOrder,
  signRequest,
  signRoot,
  verifyDecision,
  verifyKillRequest,
  verifyRequest,
} from './orders.ts';
import { keyId, type SigningKey } from './signing.ts';

const now = Date.parse('2026-11-21T12:00:00Z');
const minute = 60_000;
const account = createKey('account').publicKey;
const [operators, peels] = [createKey('account'), createKey('account')];
const alice = createUser({ name: 'alice', account, now }, operators.seed);
const [jobKey, otherKey] = [signingKey(), signingKey()];
const trust: TrustBundle = {
  v: 1,
  revision: 3,
  keys: [trusted(jobKey)],
  operatorIssuers: [operators.publicKey],
  revoked: {},
};
const request: JobRequest = {
  v: 1,
  jid: '2abcdefghijklmnopqrstuvwxyz',
  target: 'web*',
  function: 'test.ping',
  args: {},
  test: false,
  timeoutMs: 5 * minute,
  issuedAt: now,
};

describe('a request', () => {
  test('proves who asked', () => {
    const verified = verifyRequest(signRequest(request, alice), trust, now + minute);

    assert.deepEqual(verified.request, request);
    assert.equal(verified.operator.name, 'alice');
  });

  test('is refused when its bytes, its signer or its purpose are not what was signed', () => {
    const signed = signRequest(request, alice);
    const bob = createUser({ name: 'bob', account, now }, operators.seed);

    const changed = { ...signed, request: encode({ ...request, function: 'cmd.run' }) };
    assert.throws(() => verifyRequest(changed, trust, now), { code: 'REQUEST_FORGED' });
    assert.throws(() => verifyRequest({ ...signed, jwt: bob.jwt }, trust, now), { code: 'REQUEST_FORGED' });
    assert.throws(() => verifyKillRequest(signed, trust, now), { code: 'REQUEST_FORGED' });
    assert.throws(() => verifyDecision(signKillRequest({ v: 1, jid: request.jid, issuedAt: now }, alice), trust, now), {
      code: 'REQUEST_FORGED',
    });
  });

  test('is refused from anybody who is not an operator', () => {
    const peel = createUser({ name: 'alice', account, now }, peels.seed);
    const stranger = createUser({ name: 'alice', account, now }, createKey('account').seed);

    for (const each of [peel, stranger]) {
      assert.throws(() => verifyRequest(signRequest(request, each), trust, now), { code: 'OPERATOR_UNKNOWN' });
    }
  });

  test('is refused when the JWT was changed', () => {
    const [head, body = '', signature] = alice.jwt.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const forged = Buffer.from(JSON.stringify({ ...claims, name: 'root' })).toString('base64url');

    for (const jwt of [`${head}.${forged}.${signature}`, 'a.b.c', '', `${alice.jwt}.x`]) {
      assert.throws(() => verifyRequest({ ...signRequest(request, alice), jwt }, trust, now), { code: 'JWT_INVALID' });
    }
  });

  test('is refused of an operator who expired or was removed, but not of one added since', () => {
    const guest = createUser({ name: 'guest', account, now, lifetimeMs: 10 * minute }, operators.seed);
    const asked = (at: number, by: Credentials) => signRequest({ ...request, issuedAt: at }, by);
    const key = verifyRequest(asked(now, guest), trust, now).operator.key;
    const removed = { ...trust, revoked: { [key]: now / 1_000 } };

    assert.throws(() => verifyRequest(asked(now + 11 * minute, guest), trust, now + 11 * minute), {
      code: 'OPERATOR_EXPIRED',
    });
    assert.throws(() => verifyRequest(asked(now, guest), removed, now), { code: 'OPERATOR_REVOKED' });
    const later = {
      jwt: userJwt({ name: 'guest', key, account, now: now + minute }, operators.seed),
      seed: guest.seed,
    };
    assert.doesNotThrow(() => verifyRequest(asked(now, later), removed, now));
  });

  test('is refused when it is not of now', () => {
    const signed = signRequest(request, alice);

    for (const at of [now + 6 * minute, now - 6 * minute]) {
      assert.throws(() => verifyRequest(signed, trust, at), { code: 'REQUEST_STALE' });
    }
  });

  test('for a decision carries the decision', () => {
    const decision = { v: 1, action: 'approve', peel: 'web-01', issuedAt: now } as const;

    assert.deepEqual(verifyDecision(signDecision(decision, alice), trust, now).request, decision);
  });
});

describe('an order', () => {
  test('opens for each of its targets, and says what and who', () => {
    const { for: orderFor } = signOrder(newOrder({}), jobKey);

    for (const [index, peel] of ['web-01', 'web-02', 'web-03'].entries()) {
      const { request: opened, operator } = openOrder(orderFor(index), { peel, trust, now });
      assert.deepEqual(opened, request);
      assert.equal(operator.name, 'alice');
    }
  });

  test('does not open for a peel that is no target, whatever proof it comes with', () => {
    const { for: orderFor } = signOrder(newOrder({}), jobKey);

    for (const index of [0, 1, 2]) {
      assert.throws(() => openOrder(orderFor(index), { peel: 'db-01', trust, now }), { code: 'ORDER_NOT_FOR_US' });
    }
    assert.throws(() => openOrder(orderFor(1), { peel: 'web-01', trust, now }), { code: 'ORDER_NOT_FOR_US' });
  });

  test('is refused unsigned, changed, or by a key that is not trusted or not in its time', () => {
    const order = signOrder(newOrder({}), jobKey).for(0);
    const open = (each: Partial<SignedOrder>, bundle = trust) =>
      openOrder({ ...order, ...each }, { peel: 'web-01', trust: bundle, now });

    assert.throws(() => open({ signature: new Uint8Array(64) }), { code: 'ORDER_UNSIGNED' });
    assert.throws(() => open({ order: encode({ ...(decode(order.order) as JobOrder), epoch: 9 }) }), {
      code: 'ORDER_UNSIGNED',
    });
    assert.throws(() => open(signOrder(newOrder({}), otherKey).for(0)), { code: 'ORDER_KEY_UNKNOWN' });
    assert.throws(() => open({ ...signOrder(newOrder({}), otherKey).for(0), key: jobKey.id }), {
      code: 'ORDER_UNSIGNED',
    });
    for (const window of [{ notAfter: now - 1 }, { notBefore: now + 60 * minute }]) {
      const bundle = { ...trust, keys: [{ ...trusted(jobKey), ...window }] };
      assert.throws(() => open({}, bundle), { code: 'ORDER_KEY_EXPIRED' });
    }
    const kill = signKill({ v: 1, jid: request.jid, operator: 'alice', issuedAt: now }, jobKey);
    assert.throws(() => open(kill), { code: 'ORDER_UNSIGNED' });
  });

  test('is refused after its deadline, and before its time', () => {
    const order = signOrder(newOrder({}), jobKey).for(0);

    assert.throws(() => openOrder(order, { peel: 'web-01', trust, now: now + 6 * minute }), { code: 'ORDER_EXPIRED' });
    assert.throws(() => openOrder(order, { peel: 'web-01', trust, now: now - 10 * minute }), { code: 'ORDER_EXPIRED' });
  });

  test('opens late, for a peel that was away, as long as its deadline lasts', () => {
    const long = { ...request, timeoutMs: 600 * minute };
    const order = signOrder(newOrder({ request: signRequest(long, alice), deadline: now + 600 * minute }), jobKey).for(
      0,
    );

    assert.doesNotThrow(() => openOrder(order, { peel: 'web-01', trust, now: now + 500 * minute }));
  });

  test('of a master that makes up or warms up an operator’s wish is refused', () => {
    const by = (order: Partial<NewOrder>) => () =>
      openOrder(signOrder(newOrder(order), jobKey).for(0), { peel: 'web-01', trust, now: order.issuedAt ?? now });
    const peel = createUser({ name: 'alice', account, now }, peels.seed);
    const tomorrow = now + 24 * 60 * minute;

    assert.throws(by({ request: signRequest(request, peel) }), { code: 'OPERATOR_UNKNOWN' });
    assert.throws(by({ request: { ...signRequest(request, alice), signature: new Uint8Array(64) } }), {
      code: 'REQUEST_FORGED',
    });
    assert.throws(by({ issuedAt: tomorrow, deadline: tomorrow + minute }), { code: 'REQUEST_STALE' });
    assert.throws(by({ deadline: now + 60 * minute }), { code: 'ORDER_STRETCHED' });
  });

  test('for ten thousand peels is signed once, and opens for the last of them', () => {
    const all = Array.from({ length: 10_000 }, (_, at) => `web-${at}`);
    const { for: orderFor } = signOrder(newOrder({ peels: all }), jobKey);
    const orders = all.map((_, index) => orderFor(index));

    assert.equal(orders[0]?.signature, orders[9_999]?.signature);
    assert.doesNotThrow(() => openOrder(orders[9_999] as SignedOrder, { peel: 'web-9999', trust, now }));
  });
});

test('a kill and a tree root open with the same trust, and only as what they are', () => {
  const kill = { v: 1, jid: request.jid, operator: 'alice', issuedAt: now };
  const root = { v: 1, revision: 7, tree: 'ab', index: ['cd'], files: 1, bytes: 2, publishedAt: now, publisher: 'm1' };
  const [signedKill, signedRoot] = [signKill(kill, jobKey), signRoot(root, jobKey)];

  assert.deepEqual(openKill(signedKill, { trust, now }), kill);
  assert.equal(openRoot(signedRoot, { trust, now }).revision, 7);
  assert.throws(
    () => openKill({ ...signedKill, order: signedRoot.root, signature: signedRoot.signature }, { trust, now }),
    {
      code: 'ORDER_UNSIGNED',
    },
  );
  assert.throws(() => openRoot(signRoot(root, otherKey), { trust, now }), { code: 'ORDER_KEY_UNKNOWN' });
});

describe('the trust bundle', () => {
  const next: TrustBundle = { ...trust, revision: 4, keys: [trusted(jobKey), trusted(otherKey)] };

  test('is followed when a key we hold signed it, whoever else did', () => {
    assert.deepEqual(acceptBundle(signBundle(next, [otherKey, jobKey]), { trust, now }), next);
  });

  test('is not followed by the word of the new key alone, nor backwards', () => {
    assert.throws(() => acceptBundle(signBundle(next, [otherKey]), { trust, now }), { code: 'TRUST_UNSIGNED' });
    assert.throws(() => acceptBundle(signBundle(next, []), { trust, now }), { code: 'TRUST_UNSIGNED' });
    assert.equal(acceptBundle(signBundle({ ...next, revision: 2 }, [jobKey]), { trust, now }), trust);
    const forged: SignedTrust = { ...signBundle(next, [jobKey]), bundle: encode({ ...next, revision: 99 }) };
    assert.throws(() => acceptBundle(forged, { trust, now }), { code: 'TRUST_UNSIGNED' });
  });
});

function newOrder(order: Partial<NewOrder>): NewOrder {
  return {
    request: signRequest(request, alice),
    operator: 'alice',
    issuedAt: now,
    deadline: now + 5 * minute,
    epoch: 1,
    peels: ['web-01', 'web-02', 'web-03'],
    ...order,
  };
}

function signingKey(): SigningKey & { readonly publicKey: string } {
  const { publicKey, seed } = createKey('user');
  return { id: keyId(publicKey), publicKey, seed };
}

function trusted({ id, publicKey }: ReturnType<typeof signingKey>) {
  return { id, key: publicKey, notBefore: now - 60 * minute, notAfter: now + 365 * 24 * 60 * minute };
}
