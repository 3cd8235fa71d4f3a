import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAccount, createCurve, createOperator, createUser, fromCurveSeed, fromSeed } from '@nats-io/nkeys';
import { createKey, isPublicKey, type KeyKind, keyFromSeed, rawSign, rawVerify } from './nkeys.ts';
import { keyId, type Purpose, sign, verify } from './signing.ts';

const bytes = Buffer.from('a message');
const text = (seed: Uint8Array) => new TextDecoder().decode(seed);

describe('nkeys are those of every other NATS program', () => {
  const makers = { operator: createOperator, account: createAccount, user: createUser, curve: createCurve } as const;

  for (const [kind, make] of Object.entries(makers) as [KeyKind, () => ReturnType<typeof createUser>][]) {
    test(kind, () => {
      const theirs = make();
      const ours = createKey(kind);
      const open = kind === 'curve' ? fromCurveSeed : fromSeed;

      assert.deepEqual(keyFromSeed(text(theirs.getSeed())).publicKey, theirs.getPublicKey());
      assert.equal(open(new TextEncoder().encode(ours.seed)).getPublicKey(), ours.publicKey);
      assert.equal(isPublicKey(ours.publicKey, kind), true);
      assert.equal(isPublicKey(ours.publicKey, kind === 'user' ? 'account' : 'user'), false);
      if (kind === 'curve') return;
      assert.ok(theirs.verify(bytes, rawSign(text(theirs.getSeed()), bytes)));
      assert.ok(rawVerify(theirs.getPublicKey(), bytes, theirs.sign(bytes)));
    });
  }

  test('a mistyped key is noticed, and a seed never shown', () => {
    const { publicKey, seed } = createKey('user');
    const typo = seed.slice(0, -1) + (seed.endsWith('A') ? 'B' : 'A');

    assert.equal(
      isPublicKey(`${publicKey.slice(0, 20)}${publicKey[20] === 'A' ? 'B' : 'A'}${publicKey.slice(21)}`, 'user'),
      false,
    );
    assert.throws(
      () => keyFromSeed(typo),
      (error: Error) => 'code' in error && error.code === 'KEY_INVALID' && !error.message.includes(seed.slice(0, 10)),
    );
    assert.throws(() => keyFromSeed(publicKey), { code: 'KEY_INVALID' });
    assert.throws(() => rawSign(createKey('curve').seed, bytes), { code: 'KEY_INVALID' });
  });
});

describe('a signature', () => {
  const { publicKey, seed } = createKey('user');

  test('holds for its key, its bytes and its purpose, and nothing else', () => {
    const signature = sign('order.job', bytes, seed);

    assert.equal(verify('order.job', bytes, signature, publicKey), true);
    assert.equal(verify('order.job', Buffer.from('another'), signature, publicKey), false);
    assert.equal(verify('order.job', bytes, signature, createKey('user').publicKey), false);
    for (const purpose of ['order.kill', 'request.job', 'tree.root', 'trust'] satisfies Purpose[]) {
      assert.equal(verify(purpose, bytes, signature, publicKey), false, purpose);
    }
    assert.equal(verify('order.job', bytes, signature.subarray(1), publicKey), false);
    assert.equal(verify('order.job', bytes, signature, 'nonsense'), false);
  });

  test('is never what a NATS server can have a client sign as its nonce', () => {
    const signature = sign('order.job', bytes, seed);
    const nonce = new TextEncoder().encode(`\u00ffzester order.job\0${bytes}`);

    assert.equal(rawVerify(publicKey, nonce, signature), false);
    assert.equal(rawVerify(publicKey, bytes, signature), false);
  });
});

test('a key has one short id', () => {
  const { publicKey } = createKey('user');

  assert.match(keyId(publicKey), /^[0-9a-f]{12}$/);
  assert.equal(keyId(publicKey), keyId(publicKey));
});
