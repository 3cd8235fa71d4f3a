import { isIP } from 'node:net';

/** An address as hexadecimal digits: eight for version 4, thirty-two for version 6. */
export type Address = string;

/** The address in a text, its prefix length or zone left out; nothing when it holds none. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/[/%].*$/, '').toLowerCase();
  const version = isIP(bare);
  if (version === 4) return hexOfBytes(bare);
  return version === 6 ? hexOfGroups(bare) : undefined;
}

/** All addresses of a peel in one text, so that a fleet of them is searched without touching lists. */
export type Addresses = string;

const separator = ',';

/** A test for an address or a network; nothing when the text is neither, or when its host bits are set. */
export function compileNetwork(text: string): ((addresses: Addresses) => boolean) | undefined {
  const [host = '', length, ...surplus] = text.split('/');
  const base = parseAddress(host);
  if (base === undefined || host.includes('%') || surplus.length > 0) return undefined;
  const bits = base.length * 4;
  const prefix = length === undefined ? bits : prefixOf(length, bits);
  if (prefix === undefined || prefix > bits) return undefined;

  const digits = Math.floor(prefix / 4);
  const free = 2 ** (4 - (prefix % 4)) - 1;
  const partial = Number.parseInt(base[digits] ?? '0', 16);
  const isSplit = prefix % 4 !== 0;
  if ((isSplit && (partial & free) !== 0) || /[^0]/.test(base.slice(isSplit ? digits + 1 : digits))) return undefined;
  const choices = Array.from({ length: free + 1 }, (_, each) => (partial + each).toString(16)).join('');
  const rest = base.length - digits - (isSplit ? 1 : 0);
  const network = new RegExp(
    `${separator}${base.slice(0, digits)}${isSplit ? `[${choices}]` : ''}[\\da-f]{${rest}}${separator}`,
  );
  return (addresses) => network.test(addresses);
}

/** How many bits a network has: as a number, or as a mask of a version 4 network. */
function prefixOf(length: string, bits: number): number | undefined {
  if (/^\d{1,3}$/.test(length)) return Number(length);
  if (bits !== 32 || isIP(length) !== 4) return undefined;
  const mask = length
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  // Python takes the mask of the host's part as well.
  const [, ones] = /^(1*)0*$/.exec(mask) ?? [];
  const [, zeros] = /^(0*)1*$/.exec(mask) ?? [];
  return (ones ?? zeros)?.length;
}

/** Every address of the peel itself: `ipv4` and `ipv6` of its network facts, or of Salt's flat grains. */
export function addressesOf(
  facts: Readonly<Record<string, unknown>>,
  grains: Readonly<Record<string, unknown>> = {},
): Addresses {
  const network = facts.network;
  const records = [facts, grains, typeof network === 'object' && network !== null ? network : {}];
  const texts = records.flatMap((record) => {
    const { ipv4 = [], ipv6 = [] } = record as { ipv4?: unknown; ipv6?: unknown };
    return [ipv4, ipv6].flat();
  });
  const found = texts.map((text) => (typeof text === 'string' ? parseAddress(text) : undefined));
  const distinct = [...new Set(found.filter((each) => each !== undefined))].sort();
  return distinct.map((each) => `${separator}${each}${separator}`).join('');
}

function hexOfBytes(text: string): Address {
  return text
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
}

function hexOfGroups(text: string): Address {
  const tail = text.match(/(\d+\.\d+\.\d+\.\d+)$/)?.[1];
  const hex = tail === undefined ? '' : hexOfBytes(tail);
  const plain = tail === undefined ? text : `${text.slice(0, -tail.length)}${hex.slice(0, 4)}:${hex.slice(4)}`;
  const [left = '', right] = plain.split('::');
  const groups = (side: string) => (side === '' ? [] : side.split(':'));
  const [head, end] = [groups(left), groups(right ?? '')];
  const zeros = right === undefined ? 0 : 8 - head.length - end.length;
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...end].map((each) => each.padStart(4, '0')).join('');
}
