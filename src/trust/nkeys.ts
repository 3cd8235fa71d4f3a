import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { ZesterError } from '#base/errors.ts';

/** What a NATS key is for; the first letter of its public form. */
export type KeyKind = 'operator' | 'account' | 'user' | 'curve';

/** A key with its secret half. `seed` goes into a 0600 file and nowhere else. */
export interface KeyPair {
  readonly kind: KeyKind;
  /** `O…`, `A…`, `U…` or `X…`. */
  readonly publicKey: string;
  /** `SO…`, `SA…`, `SU…` or `SX…`. */
  readonly seed: string;
}

// Our own forty lines of nkeys instead of the library: its Ed25519 is JavaScript (tweetnacl), some 100 times slower than
// `node:crypto`, and a peel verifies two signatures for every job.
const prefixes: Readonly<Record<KeyKind, number>> = { operator: 14 << 3, account: 0, user: 20 << 3, curve: 23 << 3 };
const seedPrefix = 18 << 3;
const ed25519Private = Buffer.from('302e020100300506032b657004220420', 'hex');
const ed25519Public = Buffer.from('302a300506032b6570032100', 'hex');
const x25519Private = Buffer.from('302e020100300506032b656e04220420', 'hex');
const privateHeaderLength = ed25519Private.length;
const publicHeaderLength = ed25519Public.length;

/** A new random key. */
export function createKey(kind: KeyKind): KeyPair {
  const { privateKey, publicKey } = kind === 'curve' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519');
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privateHeaderLength);
  return { kind, publicKey: publicText(kind, rawPublic(publicKey)), seed: seedText(kind, secret) };
}

/** The key of a seed. Throws `KEY_INVALID`; the message never shows the seed. */
export function keyFromSeed(seed: string): KeyPair {
  const { kind, secret } = decodeSeed(seed);
  const publicKey = createPublicKey(privateObject(kind, secret));
  return { kind, publicKey: publicText(kind, rawPublic(publicKey)), seed: seed.trim() };
}

export function isPublicKey(text: string, kind: KeyKind): boolean {
  return text.length === 56 && decodePublic(text)?.kind === kind;
}

/** The 32 bytes of a public key. Throws `KEY_INVALID`. */
export function publicBytes(publicKey: string): Uint8Array {
  const decoded = decodePublic(publicKey);
  if (decoded === undefined) throw invalid('it is not a public nkey');
  return decoded.raw;
}

/** The 32 secret bytes of a seed: an Ed25519 seed or an X25519 scalar. Throws `KEY_INVALID`. */
export function secretBytes(seed: string): Uint8Array {
  return decodeSeed(seed).secret;
}

/** Ed25519 over the bytes as they are: for NATS's own formats. What Zester defines is signed through `signing.ts`. */
export function rawSign(seed: string, message: Uint8Array): Uint8Array {
  return signBytes(null, message, signingObject(seed));
}

/** Whether the signature is that key's; false for anything malformed. */
export function rawVerify(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = verifyingObject(publicKey);
  return key !== undefined && signature.length === 64 && verifyBytes(null, message, key, signature);
}

// Making a KeyObject costs more than using it. A fleet has many, hence the bounds.
const signers = new Map<string, KeyObject>();
const verifiers = new Map<string, KeyObject>();
const maxVerifiers = 16_384;
const maxSigners = 4_096;

function signingObject(seed: string): KeyObject {
  const known = signers.get(seed);
  if (known !== undefined) return known;
  const { kind, secret } = decodeSeed(seed);
  if (kind === 'curve') throw invalid('a curve key cannot sign');
  const key = privateObject(kind, secret);
  if (signers.size >= maxSigners) signers.clear();
  signers.set(seed, key);
  return key;
}

function verifyingObject(publicKey: string): KeyObject | undefined {
  const known = verifiers.get(publicKey);
  if (known !== undefined) return known;
  const decoded = decodePublic(publicKey);
  if (decoded === undefined || decoded.kind === 'curve') return undefined;
  const key = createPublicKey({ key: Buffer.concat([ed25519Public, decoded.raw]), format: 'der', type: 'spki' });
  if (verifiers.size >= maxVerifiers) verifiers.clear();
  verifiers.set(publicKey, key);
  return key;
}

function privateObject(kind: KeyKind, secret: Uint8Array): KeyObject {
  const header = kind === 'curve' ? x25519Private : ed25519Private;
  return createPrivateKey({ key: Buffer.concat([header, secret]), format: 'der', type: 'pkcs8' });
}

function rawPublic(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicHeaderLength);
}

function publicText(kind: KeyKind, raw: Uint8Array): string {
  return base32Encode(withChecksum(Buffer.concat([Buffer.of(prefixes[kind]), raw])));
}

function seedText(kind: KeyKind, secret: Uint8Array): string {
  const prefix = prefixes[kind];
  const head = Buffer.of(seedPrefix | (prefix >> 5), (prefix & 31) << 3);
  return base32Encode(withChecksum(Buffer.concat([head, secret])));
}

function decodePublic(text: string): { kind: KeyKind; raw: Uint8Array } | undefined {
  const body = withoutChecksum(text);
  if (body?.length !== 33) return undefined;
  const kind = kindOf(body[0]);
  return kind && { kind, raw: body.subarray(1) };
}

function decodeSeed(seed: string): { kind: KeyKind; secret: Uint8Array } {
  const body = withoutChecksum(seed.trim());
  const [first = 0, second = 0] = body ?? [];
  const kind = kindOf(((first & 7) << 5) | ((second & 248) >> 3));
  if (body?.length !== 34 || (first & 248) !== seedPrefix || kind === undefined) throw invalid('it is not a seed');
  return { kind, secret: body.subarray(2) };
}

function kindOf(prefix: number | undefined): KeyKind | undefined {
  return (Object.keys(prefixes) as KeyKind[]).find((kind) => prefixes[kind] === prefix);
}

function withChecksum(body: Buffer): Buffer {
  const sum = crc16(body);
  return Buffer.concat([body, Buffer.of(sum & 0xff, sum >> 8)]);
}

function withoutChecksum(text: string): Buffer | undefined {
  const bytes = base32Decode(text);
  if (bytes === undefined || bytes.length < 4) return undefined;
  const body = bytes.subarray(0, -2);
  return crc16(body) === bytes.readUInt16LE(body.length) ? body : undefined;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32Encode(bytes: Uint8Array): string {
  let [text, bits, value] = ['', 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

function base32Decode(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const letter of text) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bytes.push((value >> (bits - 8)) & 0xff);
      bits -= 8;
    }
  }
  // Bits left over must be zero, or one key would have several spellings.
  return (value & ((1 << bits) - 1)) === 0 ? Buffer.from(bytes) : undefined;
}

function invalid(reason: string): ZesterError {
  return new ZesterError('denied', 'KEY_INVALID', `Cannot use a key: ${reason}`);
}
