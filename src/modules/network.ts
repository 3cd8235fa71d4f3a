import * as z from 'zod';
import { moduleFunction } from '#kit/function.ts';
import { Duration } from '#kit/types.ts';
import type { NetworkInterface } from '#machine/machine.ts';

const given = {
  system: {
    interfaces: [
      { name: 'lo', mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8', '::1/128'] },
      { name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['10.0.0.5/24', 'fe80::1/64'] },
    ],
  },
};

const selection = z.object({
  interface: z
    .string()
    .optional()
    .describe('Only those of one interface')
    .meta({ primary: true, aliases: ['name'] }),
  include_loopback: z.boolean().default(false).describe('Those of the loopback interface, too'),
  cidr: z.string().optional().describe('Only those in a network, such as "10.0.0.0/8"'),
});

export const interfaces = moduleFunction({
  name: 'network.interfaces',
  summary: 'Network interfaces with their addresses',
  args: z.object({}),
  returns: 'Map of name to `up`, `hwaddr`, `inet` and `inet6` (lists of `address` and `prefixlen`)',
  changes: false,
  async run(_args, { system }) {
    const all = await system.interfaces();
    return Object.fromEntries(all.map((each) => [each.name, description(each)]));
  },
  examples: [
    {
      title: 'Loopback and one card',
      args: {},
      given,
      expect: {
        lo: {
          up: true,
          hwaddr: '00:00:00:00:00:00',
          inet: [{ address: '127.0.0.1', prefixlen: 8 }],
          inet6: [{ address: '::1', prefixlen: 128 }],
        },
        eth0: {
          up: true,
          hwaddr: '02:00:00:00:00:01',
          inet: [{ address: '10.0.0.5', prefixlen: 24 }],
          inet6: [{ address: 'fe80::1', prefixlen: 64 }],
        },
      },
    },
  ],
});

export const ipAddresses = moduleFunction({
  name: 'network.ip_addrs',
  summary: 'IPv4 addresses of this machine',
  args: selection,
  returns: 'Sorted list of addresses',
  changes: false,
  run: async (wanted, { system }) => addresses(await system.interfaces(), wanted, (address) => !address.includes(':')),
  examples: [
    { title: 'Without loopback', args: {}, given, expect: ['10.0.0.5'] },
    { title: 'With loopback', args: { include_loopback: true }, given, expect: ['10.0.0.5', '127.0.0.1'] },
    { title: 'Of one network', args: { cidr: '192.168.0.0/16' }, given, expect: [] },
  ],
});

export const ipAddresses6 = moduleFunction({
  name: 'network.ip_addrs6',
  summary: 'IPv6 addresses of this machine',
  args: selection.omit({ cidr: true }),
  returns: 'Sorted list of addresses',
  changes: false,
  run: async (wanted, { system }) => addresses(await system.interfaces(), wanted, (address) => address.includes(':')),
  examples: [{ title: 'Without loopback', args: {}, given, expect: ['fe80::1'] }],
});

export const defaultRoute = moduleFunction({
  name: 'network.default_route',
  summary: 'Gateway and interface of the default IPv4 route',
  args: z.object({}),
  returns: 'Map of `gateway` and `interface`; empty without such a route',
  changes: false,
  async run(_args, { files }) {
    const table = new TextDecoder().decode(await files.read('/proc/net/route'));
    const routes = table
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'));
    const [name, , gateway] =
      routes.find(([, destination, , flags]) => destination === '00000000' && isUp(flags)) ?? [];
    return name === undefined || gateway === undefined ? {} : { gateway: fromHex(gateway), interface: name };
  },
  examples: [
    {
      title: 'A gateway',
      args: {},
      given: {
        files: {
          '/proc/net/route':
            'Iface\tDestination\tGateway\tFlags\neth0\t0000000A\t00000000\t0001\neth0\t00000000\t0100000A\t0003\n',
        },
      },
      expect: { gateway: '10.0.0.1', interface: 'eth0' },
    },
    { title: 'No route', args: {}, expect: {} },
  ],
});

export const ping = moduleFunction({
  name: 'network.ping',
  summary: 'Whether another host answers to ping',
  args: z.object({
    host: z
      .string()
      .regex(/^[^-\s]\S*$/, 'is no host name or address')
      .describe('Name or address')
      .meta({ primary: true, aliases: ['name'] }),
    count: z.int().min(1).max(100).default(4).describe('How many packets to send'),
    timeout: Duration.prefault(10).describe('Time after which to give up'),
  }),
  returns: 'Map of `alive` and `output`',
  changes: false,
  async run({ host, count, timeout }, { commands, signal }) {
    const { code, stdout } = await commands.run(['ping', '-c', String(count), '--', host], {
      timeoutMs: timeout,
      signal,
    });
    return { alive: code === 0, output: stdout.trimEnd() };
  },
  examples: [
    {
      title: 'A host that answers',
      args: { host: '10.0.0.1', count: 1 },
      given: { commands: { 'ping -c 1 -- 10.0.0.1': { stdout: '1 received\n' } } },
      expect: { alive: true, output: '1 received' },
    },
    { title: 'An option in disguise', args: { host: '-f' }, expect: { refusal: 'ARGUMENT_INVALID' } },
  ],
});

function description({ up, mac, addresses: all }: NetworkInterface) {
  const entries = all.map((each) => {
    const [address = '', prefix] = each.split('/');
    return { address, prefixlen: Number(prefix) };
  });
  const isSix = ({ address }: { address: string }) => address.includes(':');
  return { up, hwaddr: mac, inet: entries.filter((each) => !isSix(each)), inet6: entries.filter(isSix) };
}

function addresses(
  all: readonly NetworkInterface[],
  wanted: { interface?: string | undefined; include_loopback: boolean; cidr?: string | undefined },
  isWanted: (address: string) => boolean,
): readonly string[] {
  return all
    .filter(({ name }) => wanted.interface === undefined || name === wanted.interface)
    .flatMap((each) => each.addresses.map((address) => address.split('/')[0] ?? ''))
    .filter((address) => wanted.include_loopback || !/^(127\.|::1$)/.test(address))
    .filter((address) => isWanted(address) && (wanted.cidr === undefined || isIn(address, wanted.cidr)))
    .toSorted();
}

function isIn(address: string, cidr: string): boolean {
  const [network = '', prefix = '32'] = cidr.split('/');
  const host = 2 ** (32 - Number(prefix));
  return Math.floor(asNumber(address) / host) === Math.floor(asNumber(network) / host);
}

function asNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isUp(flags: string | undefined): boolean {
  return (Number.parseInt(flags ?? '0', 16) & 1) === 1;
}

/** The kernel writes addresses as hexadecimal in the machine's byte order, the last part first. */
function fromHex(hex: string): string {
  const parts = hex.match(/../g) ?? [];
  return parts
    .toReversed()
    .map((part) => Number.parseInt(part, 16))
    .join('.');
}
