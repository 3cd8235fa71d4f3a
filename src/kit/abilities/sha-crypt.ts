import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const defaultRounds = 5_000;

/** The salt and rounds of a `$6$` hash, as they stand in it; undefined for a hash of another kind. */
export function settingOf(hash: string): string | undefined {
  return /^\$6\$(?:rounds=\d+\$)?[^$]{0,16}/.exec(hash)?.[0];
}

/** A setting whose salt is made of 16 characters, from at least 12 bytes. */
export function settingFrom(bytes: Uint8Array): string {
  return `$6$${Array.from(bytes.subarray(0, 16), (byte) => alphabet[byte & 63]).join('')}`;
}

/** SHA-512 crypt, as the C library's: a hash for the shadow file. `setting` is `$6$salt`, or a whole hash. */
export function shaCrypt(password: string, setting: string): string {
  const [, prefix = '', rounds, written = ''] = /^\$6\$(?:(rounds=(\d+))\$)?([^$]{0,16})/.exec(setting) ?? [];
  const [key, salt] = [Buffer.from(password), Buffer.from(written)];
  const count = rounds === undefined ? defaultRounds : Math.min(Math.max(Number(rounds), 1_000), 999_999_999);

  const mixed = sha512(key, salt, key);
  const parts: Uint8Array[] = [key, salt, stretched(mixed, key.length)];
  for (let length = key.length; length > 0; length >>= 1) parts.push(length & 1 ? mixed : key);
  let digest = sha512(...parts);
  const keys = stretched(sha512(...Array(key.length).fill(key)), key.length);
  const salts = stretched(sha512(...Array(16 + (digest[0] ?? 0)).fill(salt)), salt.length);
  for (let round = 0; round < count; round++) {
    const isOdd = round % 2 === 1;
    digest = sha512(
      isOdd ? keys : digest,
      round % 3 === 0 ? empty : salts,
      round % 7 === 0 ? empty : keys,
      isOdd ? digest : keys,
    );
  }
  return `$6$${prefix === '' ? '' : `${prefix}$`}${written}$${encoded(digest)}`;
}

const empty = new Uint8Array();

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function stretched(bytes: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0);
}

/** Its own order of bytes: three columns of 21, whose turns rotate, and one that is left over. */
function encoded(digest: Uint8Array): string {
  let text = '';
  for (let row = 0; row < 21; row++) {
    const columns = [row, row + 21, row + 42].map((index) => digest[index] ?? 0);
    const [high = 0, middle = 0, low = 0] = [0, 1, 2].map((turn) => columns[(turn + row) % 3]);
    text += characters((high << 16) | (middle << 8) | low, 4);
  }
  return text + characters(digest[63] ?? 0, 2);
}

function characters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, index) => alphabet[(bits >> (6 * index)) & 63]).join('');
}
