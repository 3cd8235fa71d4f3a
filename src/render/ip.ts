/** An IP address, perhaps with the prefix of its network: what Python's `ipaddress` reads, for the network filters. */
export interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
  /** Undefined for an address without `/…`. */
  readonly prefix: number | undefined;
}

/** Undefined when the text is no address. */
export function parseAddress(text: string): Address | undefined {
  const [host = '', mask, ...more] = text.split('/');
  if (more.length > 0) return undefined;
  const version = host.includes(':') ? 6 : 4;
  const value = version === 4 ? parse4(host) : parse6(host);
  if (value === undefined) return undefined;
  if (mask === undefined) return { version, value, prefix: undefined };
  const prefix = parsePrefix(mask, version);
  return prefix === undefined ? undefined : { version, value, prefix };
}

function parse4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parse6(written: string): bigint | undefined {
  const [text = ''] = written.split('%');
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = embedded === null ? undefined : parse4(embedded[2] ?? '');
  if (embedded !== null && tail === undefined) return undefined;
  const source =
    embedded === null || tail === undefined
      ? text
      : `${embedded[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...rest];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

function parsePrefix(mask: string, version: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= bits(version) ? Number(mask) : undefined;
  const value = version === 4 ? parse4(mask) : undefined;
  if (value === undefined) return undefined;
  const text = value.toString(2).padStart(32, '0');
  if (/^1*0*$/.test(text)) return text.indexOf('0') < 0 ? 32 : text.indexOf('0');
  return /^0*1*$/.test(text) ? text.indexOf('1') : undefined;
}

export function bits(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

/** The address as Python prints it: `::1`, `10.0.0.1/24`. */
export function addressText({ version, value, prefix }: Address): string {
  const host = version === 4 ? text4(value) : text6(value);
  return prefix === undefined ? host : `${host}/${prefix}`;
}

function text4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

function text6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
  let [start, length] = [0, 0];
  for (let at = 0; at < 8; at++) {
    let run = 0;
    while (groups[at + run] === '0') run++;
    if (run > length) [start, length] = [at, run];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The first address of the address's network, and how many it has. An address without a prefix is a network of one. */
export function networkOf({ version, value, prefix = bits(version) }: Address): { first: bigint; size: bigint } {
  const size = 1n << BigInt(bits(version) - prefix);
  return { first: value - (value % size), size };
}

export function inNetwork(address: Address, network: Address): boolean {
  const { first, size } = networkOf(network);
  return address.version === network.version && address.value >= first && address.value < first + size;
}

const blocks: Readonly<Record<string, readonly string[]>> = {
  private: [
    ...[
      '0.0.0.0/8',
      '10.0.0.0/8',
      '127.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.0.0.0/29',
      '192.0.0.170/31',
      '192.0.2.0/24',
    ],
    ...['192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4', '255.255.255.255/32'],
    ...[
      '::1/128',
      '::/128',
      '::ffff:0:0/96',
      '100::/64',
      '2001::/23',
      '2001:2::/48',
      '2001:db8::/32',
      '2001:10::/28',
      'fc00::/7',
      'fe80::/10',
    ],
  ],
  loopback: ['127.0.0.0/8', '::1/128'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  link_local: ['169.254.0.0/16', 'fe80::/10'],
  reserved: [
    '240.0.0.0/4',
    '::/8',
    '100::/8',
    '200::/7',
    '400::/6',
    '800::/5',
    '1000::/4',
    '4000::/3',
    '6000::/3',
    '8000::/3',
    'a000::/3',
    'c000::/3',
    'e000::/4',
    'f000::/5',
    'f800::/6',
    'fe00::/9',
  ],
  site_local: ['fec0::/10'],
  unspecified: ['0.0.0.0/32', '::/128'],
};

/** Whether an address is `private`, `loopback`, `multicast`, … as the standards divide the space. */
export function isKind(address: Address, kind: string): boolean {
  return (blocks[kind] ?? []).some((block) => {
    const network = parseAddress(block);
    return network !== undefined && inNetwork(address, network);
  });
}
