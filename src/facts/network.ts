import { fact } from '#kit/fact.ts';
import type { Machine } from '#machine/machine.ts';
import { textOf } from './text.ts';

export const network = fact({
  name: 'network',
  summary: 'Host name, addresses and network interfaces',
  returns:
    '`network`: hostname, fqdn, domain, ipv4 and ipv6 (addresses that others may reach, without loopback and link-local ' +
    'ones), nameservers, interfaces (name, mac, flags, addrs as CIDR)',
  kind: 'identity',
  async read(machine) {
    const interfaces = await machine.system.interfaces();
    const { hostname, fqdn } = await namesOf(machine);
    const reachable = interfaces.flatMap(({ addresses }) => addresses.map(plainAddress)).filter(isReachable);
    return {
      network: {
        hostname,
        fqdn,
        domain: fqdn.split('.').slice(1).join('.'),
        ipv4: reachable.filter((address) => !address.includes(':')),
        ipv6: reachable.filter((address) => address.includes(':')),
        nameservers: await nameserversOf(machine),
        interfaces: interfaces.map(({ name, mac, up, addresses }) => ({
          name,
          mac,
          flags: [...(up ? ['up'] : []), ...(name === 'lo' ? ['loopback'] : [])],
          addrs: addresses,
        })),
      },
    };
  },
  examples: [
    {
      title: 'A host whose full name stands in /etc/hosts',
      given: {
        system: {
          hostname: 'web-01',
          interfaces: [
            { name: 'lo', mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8', '::1/128'] },
            { name: 'eth0', mac: '52:54:00:12:34:56', addresses: ['10.0.0.11/24', 'fe80::1/64', '2001:db8::11/64'] },
            { name: 'eth1', mac: '52:54:00:12:34:57', up: false, addresses: [] },
          ],
        },
        files: {
          '/etc/hosts': '127.0.0.1 localhost\n10.0.0.11 web-01.example.com web-01 # me\n',
          '/etc/resolv.conf': 'search example.com\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n',
        },
      },
      expect: {
        network: {
          hostname: 'web-01',
          fqdn: 'web-01.example.com',
          domain: 'example.com',
          ipv4: ['10.0.0.11'],
          ipv6: ['2001:db8::11'],
          nameservers: ['10.0.0.1', '10.0.0.2'],
          interfaces: [
            { name: 'lo', mac: '00:00:00:00:00:00', flags: ['up', 'loopback'], addrs: ['127.0.0.1/8', '::1/128'] },
            {
              name: 'eth0',
              mac: '52:54:00:12:34:56',
              flags: ['up'],
              addrs: ['10.0.0.11/24', 'fe80::1/64', '2001:db8::11/64'],
            },
            { name: 'eth1', mac: '52:54:00:12:34:57', flags: [], addrs: [] },
          ],
        },
      },
    },
    {
      title: 'A host that carries its full name, and one without any',
      given: { system: { hostname: 'db.example.org', interfaces: [] }, files: { '/etc/hosts': '' } },
      expect: {
        network: {
          hostname: 'db',
          fqdn: 'db.example.org',
          domain: 'example.org',
          ipv4: [],
          ipv6: [],
          nameservers: [],
          interfaces: [],
        },
      },
    },
  ],
});

/** The host name without its domain, and with it: as the host itself or `/etc/hosts` knows it. No name server is asked. */
async function namesOf({ system, files }: Machine): Promise<{ readonly hostname: string; readonly fqdn: string }> {
  const name = (await system.hostname()).replace(/\.+$/, '');
  const hostname = name.split('.')[0] ?? name;
  if (name.includes('.')) return { hostname, fqdn: name };
  for (const line of ((await textOf(files, '/etc/hosts')) ?? '').split('\n')) {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const full = names.find((each) => each.startsWith(`${name}.`));
    if (names.includes(name) && full !== undefined) return { hostname, fqdn: full };
  }
  return { hostname, fqdn: name };
}

async function nameserversOf({ files }: Machine): Promise<readonly string[]> {
  const lines = ((await textOf(files, '/etc/resolv.conf')) ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm);
  return [...lines].map(([, address = '']) => address);
}

function plainAddress(cidr: string): string {
  return cidr.split('/')[0] ?? cidr;
}

function isReachable(address: string): boolean {
  return !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address);
}
