import { createHash } from 'node:crypto';
import { publicBytes, rawSign, rawVerify } from './nkeys.ts';

/** What a signature is for. A signature made for one purpose never verifies for another. */
export type Purpose =
  | 'request.job'
  | 'request.kill'
  | 'request.enroll'
  | 'plan'
  | 'order.job'
  | 'order.kill'
  | 'notice'
  | 'tree.root'
  | 'settings'
  | 'peel.return'
  | 'peel.facts'
  | 'trust'
  | 'update'
  | 'enroll.join'
  | 'enroll.fetch'
  | 'enroll.renew';

/** A key that signs for the master, named by the id that travels beside its signatures. */
export interface SigningKey {
  readonly id: string;
  readonly seed: string;
}

/** Ed25519 over the purpose and the bytes, by an nkey seed. */
export function sign(purpose: Purpose, bytes: Uint8Array, seed: string): Uint8Array {
  return rawSign(seed, statement(purpose, bytes));
}

/** Whether the signature was made by that nkey for that purpose; false for anything malformed. */
export function verify(purpose: Purpose, bytes: Uint8Array, signature: Uint8Array, publicKey: string): boolean {
  return rawVerify(publicKey, statement(purpose, bytes), signature);
}

/** A key's id: short, stable, and derived from the key, so that two places cannot name one key differently. */
export function keyId(publicKey: string): string {
  return createHash('sha256').update(publicBytes(publicKey)).digest('hex').slice(0, 12);
}

// A NATS client signs whatever nonce its server sends, with the same user key. A nonce is UTF-8 text, in which the byte
// 0xff cannot occur: so no server can pass off one of our statements as a nonce.
const heads = new Map<Purpose, Buffer>();

function statement(purpose: Purpose, bytes: Uint8Array): Buffer {
  let head = heads.get(purpose);
  if (head === undefined) {
    head = Buffer.concat([Buffer.of(0xff), Buffer.from(`zester ${purpose}\0`)]);
    heads.set(purpose, head);
  }
  return Buffer.concat([head, bytes]);
}
