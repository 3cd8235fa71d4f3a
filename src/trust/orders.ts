import type * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { type SignedRoot, TreeRoot } from '#wire/files.ts';
import {
  JobOrder,
  type JobRequest,
  KillOrder,
  type SignedKill,
  type SignedOrder,
  type SignedRequest,
} from '#wire/job.ts';
import { merkleTree, verifyProof } from './merkle.ts';
import { freshnessMs, type Operator, verifyRequest } from './requests.ts';
import { type Purpose, type SigningKey, sign, verify } from './signing.ts';

export * from './requests.ts';

export interface NewOrder {
  /** The operator's request as it came. */
  readonly request: SignedRequest;
  /** The operator's name, for logs; the proof is inside the request. */
  readonly operator: string;
  readonly issuedAt: number;
  /** Absolute, milliseconds since the Unix epoch. */
  readonly deadline: number;
  readonly epoch: number;
  /** Peel ids, all of them. */
  readonly peels: readonly string[];
}

/** One signature for all targets; `for(index)` adds the proof that `peels[index]` is one of them. */
export interface OrderForAll {
  readonly order: JobOrder;
  for(index: number): SignedOrder;
}

/** What a peel may believe of an order it opened. */
export interface OpenedOrder {
  readonly order: JobOrder;
  readonly request: JobRequest;
  readonly operator: Operator;
}

/** What a peel checks orders against. */
export interface Believing {
  readonly trust: TrustBundle;
  readonly now: number;
}

export function signOrder({ request, peels, ...rest }: NewOrder, key: SigningKey): OrderForAll {
  const tree = merkleTree(peels);
  const order: JobOrder = { v: 1, ...request, ...rest, root: tree.root, targets: tree.size };
  const bytes = encode(order);
  const signature = sign('order.job', bytes, key.seed);
  return { order, for: (index) => ({ order: bytes, key: key.id, signature, index, proof: tree.proof(index) }) };
}

/**
 * Opens a job's order on the peel. Refuses with `ORDER_KEY_UNKNOWN`, `ORDER_KEY_EXPIRED`, `ORDER_UNSIGNED`,
 * `ORDER_NOT_FOR_US`, `ORDER_EXPIRED`, `ORDER_STRETCHED`, and as `verifyRequest` does. Whether the job was
 * seen before is for the ledger to say.
 */
export function openOrder(
  signed: SignedOrder,
  { peel, trust, now }: Believing & { readonly peel: string },
): OpenedOrder {
  checkSignature('order.job', signed.order, signed, { trust, now });
  const order = decodeAs(JobOrder, signed.order, 'order');
  const { root, targets: size, issuedAt, deadline } = order;
  if (!verifyProof({ root, id: peel, index: signed.index, size, proof: signed.proof })) {
    throw denied('ORDER_NOT_FOR_US', `"${peel}" is not among its targets`);
  }
  if (deadline <= now) throw denied('ORDER_EXPIRED', 'its deadline is over');
  if (issuedAt > now + freshnessMs) throw denied('ORDER_EXPIRED', 'it was issued in the future', clocks);
  // The operator asked when the order was made; a peel that was away may hear of it much later.
  const { request, operator } = verifyRequest(order, trust, issuedAt);
  if (deadline > request.issuedAt + request.timeoutMs + freshnessMs) {
    throw denied('ORDER_STRETCHED', 'its deadline is later than the operator asked for');
  }
  return { order, request, operator };
}

/** A master's word that a job is to stop. */
export type StopOrder = z.output<typeof KillOrder>;

export function signKill(order: StopOrder, key: SigningKey): SignedKill {
  const bytes = encode(order);
  return { order: bytes, key: key.id, signature: sign('order.kill', bytes, key.seed) };
}

/** Opens the order to stop a job. It has no end: a peel that was away must still hear of it. */
export function openKill(signed: SignedKill, believing: Believing): StopOrder {
  checkSignature('order.kill', signed.order, signed, believing);
  return decodeAs(KillOrder, signed.order, 'kill order');
}

export function signRoot(root: TreeRoot, key: SigningKey): SignedRoot {
  const bytes = encode(root);
  return { root: bytes, key: key.id, signature: sign('tree.root', bytes, key.seed) };
}

/** Opens the root of the state tree. That its revision does not go back is for the peel to watch. */
export function openRoot(signed: SignedRoot, believing: Believing): TreeRoot {
  checkSignature('tree.root', signed.root, signed, believing);
  return decodeAs(TreeRoot, signed.root, 'tree root');
}

/** Refuses bytes that no known key, within its window, signed for this purpose. */
export function checkSignature(
  purpose: Purpose,
  bytes: Uint8Array,
  { key: id, signature }: { readonly key: string; readonly signature: Uint8Array },
  { trust, now }: Believing,
): void {
  const key = trust.keys.find((each) => each.id === id);
  if (key === undefined) throw denied('ORDER_KEY_UNKNOWN', `its signing key "${id}" is not one we trust`, refresh);
  if (now > key.notAfter || now < key.notBefore - freshnessMs) {
    throw denied('ORDER_KEY_EXPIRED', `its signing key "${id}" is outside its time`, clocks);
  }
  if (!verify(purpose, bytes, signature, key.key)) throw denied('ORDER_UNSIGNED', 'its signature does not hold');
}

const refresh = 'Check that this peel and the master belong together; a peel that was away fetches new keys by itself';
const clocks = 'Compare the clocks of this machine and the master';

function denied(code: string, reason: string, hint?: string): ZesterError {
  return new ZesterError('denied', code, `Cannot accept an order: ${reason}`, { hint });
}
