import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { valueError } from '../errors.ts';
import { toIndex } from '../numbers.ts';
import { str } from '../print.ts';
import { textArgument } from '../text.ts';
import type { Value } from '../values.ts';
import { filterTable } from './table.ts';

const uuidNamespace = Buffer.from('91633ebf1c865e33935a28061f4b480e', 'hex');

export const cryptoFilters = filterTable({
  md5: ['instr', (text = null) => hash('md5', textArgument(text))],
  sha1: ['instr', (text = null) => hash('sha1', textArgument(text))],
  sha256: ['instr', (text = null) => hash('sha256', textArgument(text))],
  sha512: ['instr', (text = null) => hash('sha512', textArgument(text))],
  base64_encode: ['instr', (text = null) => Buffer.from(textArgument(text)).toString('base64')],
  base64_decode: ['instr', (text = null) => Buffer.from(textArgument(text), 'base64').toString('utf8')],
  hmac: [
    'string, shared_secret, challenge_hmac',
    (text = null, secret = null, challenge = null) => isHmac(textArgument(text), str(secret), str(challenge)),
  ],
  hmac_compute: [
    'string, shared_secret',
    (text = null, secret = null) => createHmac('sha256', str(secret)).update(textArgument(text)).digest('hex'),
  ],
  uuid: ['val', (value = null) => uuid5(value)],
  random_hash: ['size=9999999999, hash_type=None', (_size = null, type = null) => randomHash(type)],
  rand_str: ['size=9999999999, hash_type=None', (_size = null, type = null) => randomHash(type)],
  random_str: ['size=32', (size = 32) => randomBytes(boundedSize(size)).toString('base64').slice(0, boundedSize(size))],
});

function hash(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}

function isHmac(text: string, secret: string, challenge: string): boolean {
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(challenge, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A version 5 UUID in Salt's namespace: the same text gives the same id. */
function uuid5(value: Value): string {
  const digest = createHash('sha1').update(uuidNamespace).update(textArgument(value)).digest().subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function randomHash(type: Value): string {
  const algorithm = type === null ? 'md5' : str(type);
  if (!['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].includes(algorithm)) {
    throw valueError(`there is no hash "${algorithm}"`);
  }
  return hash(algorithm, randomBytes(32).toString('hex'));
}

function boundedSize(size: Value): number {
  const bytes = toIndex(size);
  if (bytes < 0 || bytes > 1_000_000) throw valueError('the size is out of range');
  return bytes;
}
