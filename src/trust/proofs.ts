import { createHash, hash } from 'node:crypto';
import { encode } from '#wire/codec.ts';
import type { FetchRequest, JoinRequest, RenewRequest } from '#wire/enroll.ts';
import { publicBytes } from './nkeys.ts';
import { sign, verify } from './signing.ts';

type Unsigned<Request> = Omit<Request, 'signature'>;

/** A peel's proof that it holds the key it asks to join with; nothing in the request can be changed or left out. */
export function signJoin(request: Unsigned<JoinRequest>, seed: string): JoinRequest {
  return { ...request, signature: text(sign('enroll.join', joinStatement(request), seed)) };
}

export function verifyJoin(request: JoinRequest): boolean {
  return verify('enroll.join', joinStatement(request), bytes(request.signature), request.key);
}

/** The proof that whoever fetches credentials is whoever asked for them. */
export function signFetch(id: string, request: Unsigned<FetchRequest>, seed: string): FetchRequest {
  return { ...request, signature: text(sign('enroll.fetch', encode([request.challenge, id]), seed)) };
}

export function verifyFetch(id: string, request: FetchRequest, key: string): boolean {
  return verify('enroll.fetch', encode([request.challenge, id]), bytes(request.signature), key);
}

export function signRenew(request: Unsigned<RenewRequest>, seed: string): RenewRequest {
  return { ...request, signature: text(sign('enroll.renew', renewStatement(request), seed)) };
}

export function verifyRenew(request: RenewRequest): boolean {
  return verify('enroll.renew', renewStatement(request), bytes(request.signature), request.key);
}

/** What a person compares: `3f2a-91bc-07de-55a1`, on the peel's screen and in the list of those who wait. */
export function fingerprint(publicKey: string): string {
  const digest = createHash('sha256').update(publicBytes(publicKey)).digest('hex');
  return digest.slice(0, 16).replaceAll(/(....)(?=.)/g, '$1-');
}

function joinStatement({
  v,
  peel,
  key,
  curveKey,
  challenge,
  hostname,
  caPin,
  token,
}: Unsigned<JoinRequest>): Uint8Array {
  return encode([
    v,
    challenge,
    peel,
    key,
    curveKey,
    hostname ?? null,
    caPin ?? null,
    token ? hash('sha256', token) : null,
  ]);
}

function renewStatement({ v, challenge, peel, key }: Unsigned<RenewRequest>): Uint8Array {
  return encode([v, challenge, peel, key]);
}

function text(signature: Uint8Array): string {
  return Buffer.from(signature).toString('base64url');
}

function bytes(signature: string): Uint8Array {
  return Buffer.from(signature, 'base64url');
}
