import { createPrivateKey, sign } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';

/** What the client sends to log in; the server's nonce, signed, proves that we hold the seed. */
export interface Login {
  readonly jwt: string;
  readonly sig?: string;
}

/**
 * Logs in with a credentials text, asked for at every connect. The client's own authenticator signs in JavaScript:
 * 20 ms of every command, and 4 MB of compiler that a resident peel would keep. Throws `CREDENTIALS_UNREADABLE`.
 */
export function authenticator(credentials: () => string): (nonce?: string) => Login {
  return (nonce) => {
    const { jwt, seed } = readCredentials(credentials());
    if (nonce === undefined) return { jwt };
    return { jwt, sig: sign(null, Buffer.from(nonce), privateKey(seed)).toString('base64url') };
  };
}

/** The user's public key: its inbox carries it, and its grants let it hear that one only. */
export function userKey(credentials: string): string {
  const { jwt } = readCredentials(credentials);
  const payload = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as { sub?: string };
  if (payload.sub) return payload.sub;
  throw unreadable('their JWT names no user');
}

function readCredentials(text: string): { readonly jwt: string; readonly seed: string } {
  const jwt = /-----BEGIN NATS USER JWT-----\s*([\w-]+\.[\w-]+\.[\w-]+)/.exec(text)?.[1];
  const seed = /-----BEGIN USER NKEY SEED-----\s*([A-Z2-7]+)/.exec(text)?.[1];
  if (jwt === undefined) throw unreadable('they hold no NATS user JWT');
  if (seed === undefined) throw unreadable('they hold no seed');
  return { jwt, seed };
}

const pkcs8Header = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A seed is base32 of two bytes that tell its kind, the 32 of the key, and a checksum. */
function privateKey(seed: string) {
  const secret = base32(seed).subarray(2, 34);
  if (secret.length !== 32) throw unreadable('their seed is too short');
  return createPrivateKey({ key: Buffer.concat([pkcs8Header, secret]), format: 'der', type: 'pkcs8' });
}

function base32(text: string): Buffer {
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const letter of text) {
    value = ((value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bytes.push((value >> (bits - 8)) & 0xff);
    bits -= 8;
  }
  return Buffer.from(bytes);
}

function unreadable(reason: string): ZesterError {
  return new ZesterError('denied', 'CREDENTIALS_UNREADABLE', `Cannot use the credentials: ${reason}`, {
    hint: 'Give the .creds file made by "zester nats-auth init" or by enrolment',
  });
}
