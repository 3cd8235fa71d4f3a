import { hash } from 'node:crypto';

/** Hashes over a list of ids: `proof(index)` shows that `ids[index]` is in it to whoever knows the root and the size. */
export interface MerkleTree {
  readonly root: Uint8Array;
  readonly size: number;
  /** Sibling hashes from leaf to root, 32 bytes each, joined. */
  proof(index: number): Uint8Array;
}

export interface Inclusion {
  readonly root: Uint8Array;
  readonly id: string;
  readonly index: number;
  /** How many ids the tree has; it decides the shape, so it must be as trusted as the root. */
  readonly size: number;
  readonly proof: Uint8Array;
}

const hashLength = 32;

/**
 * The tree of RFC 6962: leaf and node hashes differ in their first byte, so that no node passes for an id;
 * a lone last node moves up unchanged, so that no two lists of different lengths share a root and a size.
 */
export function merkleTree(ids: readonly string[]): MerkleTree {
  const levels = [ids.map(leafHash)];
  for (let level = levels[0] ?? []; level.length > 1; ) {
    level = parents(level);
    levels.push(level);
  }
  return {
    root: levels.at(-1)?.[0] ?? sha256(Buffer.alloc(0)),
    size: ids.length,
    proof(index) {
      const siblings: Buffer[] = [];
      for (const [height, level] of levels.entries()) {
        const sibling = level[(index >> height) ^ 1];
        if (sibling !== undefined) siblings.push(sibling);
      }
      return Buffer.concat(siblings);
    },
  };
}

export function verifyProof({ root, id, index, size, proof }: Inclusion): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size)) return false;
  if (index < 0 || index >= size || size > 2 ** 30 || proof.length % hashLength !== 0) return false;
  let node = leafHash(id);
  let offset = 0;
  let [place, last] = [index, size - 1];
  for (; last > 0; place >>= 1, last >>= 1) {
    const isRight = (place & 1) === 1;
    if (!isRight && place === last) continue;
    const sibling = proof.subarray(offset, offset + hashLength);
    if (sibling.length !== hashLength) return false;
    offset += hashLength;
    node = isRight ? nodeHash(sibling, node) : nodeHash(node, sibling);
  }
  return offset === proof.length && Buffer.compare(node, root) === 0;
}

function parents(level: readonly Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = [level[index], level[index + 1]];
    if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}

function leafHash(id: string): Buffer {
  return sha256(Buffer.from(`\0${id}`));
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + 2 * hashLength);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + hashLength);
  return sha256(input);
}

function sha256(input: Uint8Array): Buffer {
  return hash('sha256', input, 'buffer');
}
