import { isIPv6 } from 'node:net';

/**
 * What counts as one source: an IPv4 address, however it is written, or an IPv6 network of 64 bits, for whoever has
 * one address of it has 2^64 of them.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  return mappedIpv4(groups) ?? groups.slice(0, 4).join(':');
}

/** The eight groups of an IPv6 address as numbers in hexadecimal, none left out. */
function groupsOf(address: string): string[] {
  // The URL parser writes every form in one way: `::ffff:10.0.0.1` as `::ffff:a00:1`.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [left, right] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean));
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  return [...(left ?? []), ...new Array<string>(missing).fill('0'), ...(right ?? [])];
}

/** `::ffff:0:0/96` is how a socket of both families shows IPv4, `64:ff9b::/96` how a translator does. */
function mappedIpv4(groups: readonly string[]): string | undefined {
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return bytes.join('.');
}
