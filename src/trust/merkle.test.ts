import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { merkleTree, verifyProof } from './merkle.ts';

const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `web-${at}`);

describe('a proof', () => {
  test('holds for every id of lists of every length, at its own place only', () => {
    for (let size = 1; size <= 40; size++) {
      const ids = idsOf(size);
      const tree = merkleTree(ids);
      for (const [index, id] of ids.entries()) {
        const inclusion = { root: tree.root, id, index, size, proof: tree.proof(index) };
        assert.equal(verifyProof(inclusion), true, `${index} of ${size}`);
        assert.equal(verifyProof({ ...inclusion, id: 'db-1' }), false);
        for (let other = 0; other < size; other++) {
          if (other !== index)
            assert.equal(verifyProof({ ...inclusion, index: other }), false, `${index} as ${other} of ${size}`);
        }
      }
    }
  });

  test('does not hold when it is shortened, lengthened, changed or misplaced', () => {
    const tree = merkleTree(idsOf(13));
    const proof = tree.proof(5);
    const good = { root: tree.root, id: 'web-5', index: 5, size: 13, proof };
    const flipped = Buffer.from(proof);
    flipped[40] = (flipped[40] ?? 0) ^ 1;

    for (const bad of [
      { proof: proof.subarray(32) },
      { proof: proof.subarray(0, -32) },
      { proof: proof.subarray(0, -1) },
      { proof: Buffer.concat([proof, Buffer.alloc(32)]) },
      { proof: flipped },
      { root: merkleTree(idsOf(12)).root },
      { size: 64 },
      { size: 3 },
      { index: -1 },
      { index: 13 },
      { index: 5.5 },
      { size: Number.MAX_SAFE_INTEGER },
    ]) {
      assert.equal(verifyProof({ ...good, ...bad }), false, JSON.stringify(bad));
    }
  });

  test('cannot be made from an inner node that passes for an id', () => {
    const leaf = (id: string) => createHash('sha256').update(`\0${id}`).digest();
    const node = Buffer.concat([Buffer.of(1), leaf('a'), leaf('b')]);
    const { root } = merkleTree(['a', 'b']);

    assert.deepEqual(createHash('sha256').update(node).digest(), Buffer.from(root));
    assert.equal(verifyProof({ root, id: node.toString('latin1'), index: 0, size: 1, proof: Buffer.alloc(0) }), false);
  });
});

test('ten thousand targets take fourteen hashes each', () => {
  const ids = idsOf(10_000);
  const tree = merkleTree(ids);
  const proofs = ids.map((_, index) => tree.proof(index));

  assert.equal(proofs[0]?.length, 14 * 32);
});

test('order and length are part of the root', () => {
  const roots = [['a', 'b'], ['b', 'a'], ['a', 'b', 'b'], ['a'], [], ['ab']].map((ids) =>
    Buffer.from(merkleTree(ids).root).toString('hex'),
  );

  assert.equal(new Set(roots).size, roots.length);
});
