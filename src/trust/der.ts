import { isIP } from 'node:net';

// X.509 needs a dozen DER forms to be *written*; reading and verifying is left to `node:crypto`. A library for that
// would bring ten packages and a decorator runtime into the master.

/** One DER value: tag, length, content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.from(evenHex(body.length.toString(16)), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const truth = (): Buffer => der(0x01, Buffer.of(0xff));

/** A positive integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  return der(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  return der(0x03, Buffer.of(unusedBits), content);
}

/** `2.5.29.19` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

/** A DNS name or an IP address as a subject's alternative name. */
export function generalName(name: string): Buffer {
  const version = isIP(name);
  if (version === 0) return der(0x82, Buffer.from(name));
  return der(0x87, version === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6(name));
}

/** The values directly inside a constructed one, each whole. */
export function children(value: Uint8Array): Buffer[] {
  const all = Buffer.from(value);
  const inner: Buffer[] = [];
  for (let at = headerLength(all, 0); at < all.length; at += valueLength(all, at)) {
    inner.push(all.subarray(at, at + valueLength(all, at)));
  }
  return inner;
}

function valueLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at + 1);
  const content = first < 0x80 ? first : bytes.readUIntBE(at + 2, first & 0x7f);
  return headerLength(bytes, at) + content;
}

function headerLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at + 1);
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function ipv6(address: string): Buffer {
  const [plain = ''] = address.split('%');
  // The URL parser writes any form, embedded IPv4 included, as hexadecimal groups.
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function evenHex(hex: string): string {
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}
