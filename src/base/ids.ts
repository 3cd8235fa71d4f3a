import { randomBytes } from 'node:crypto';
import { ZesterError } from './errors.ts';

declare const brand: unique symbol;

/** A job's id: a 27-character KSUID, so that ids sort by the second they were made. */
export type Jid = string & { readonly [brand]: 'Jid' };

/** A peel's id as the wire knows it: one NATS token, dots written as underscores. */
export type PeelId = string & { readonly [brand]: 'PeelId' };

const ksuidEpoch = 1_400_000_000;
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A KSUID: four bytes of seconds since 2014-05-13, sixteen random bytes, in base 62. */
export function ksuid(nowMs = Date.now(), random: Uint8Array = randomBytes(16)): string {
  const seconds = Math.floor(nowMs / 1_000) - ksuidEpoch;
  const hex = seconds.toString(16).padStart(8, '0') + Buffer.from(random).toString('hex');
  let rest = BigInt(`0x${hex}`);
  let text = '';
  while (rest > 0n) {
    text = base62[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text.padStart(27, '0');
}

export function newJid(nowMs = Date.now()): Jid {
  return ksuid(nowMs) as Jid;
}

/** No id of that second or a later one comes before it. */
export function firstJidOf(ms: number): string {
  return ksuid(Math.max(ms, ksuidEpoch * 1_000), new Uint8Array(16));
}

export function isJid(text: string): text is Jid {
  return /^[0-9A-Za-z]{27}$/.test(text);
}

/** Throws `JID_INVALID`. */
export function parseJid(text: string): Jid {
  if (isJid(text)) return text;
  throw new ZesterError('usage', 'JID_INVALID', `Cannot use "${text}" as a job id: it is not 27 letters and digits`, {
    hint: 'Copy the id from "zester job list"',
  });
}

const token = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$/;

export function isPeelId(text: string): text is PeelId {
  return token.test(text);
}

/**
 * A peel's id from what a person wrote: host names carry dots, a NATS token cannot.
 * An underscore is refused because it is how a dot travels. Throws `PEEL_ID_INVALID`.
 */
export function toWire(human: string): PeelId {
  const wire = human.replaceAll('.', '_');
  if (!human.includes('_') && isPeelId(wire)) return wire;
  throw new ZesterError('usage', 'PEEL_ID_INVALID', `Cannot use "${human}" as a peel id: it is not a host name`, {
    hint: 'Use letters, digits, dots and hyphens, at most 128 of them, starting with a letter or digit',
  });
}

/** The id as people read and write it: `web-01.example.com`. */
export function toHuman(wire: PeelId | string): string {
  return wire.replaceAll('_', '.');
}
