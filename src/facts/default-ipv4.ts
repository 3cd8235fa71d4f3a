import { fact } from '#kit/fact.ts';
import { textOf } from './text.ts';

export const defaultIpv4 = fact({
  name: 'default_ipv4',
  summary: 'The address this machine has towards the rest of the world, and its way there',
  returns: '`default_ipv4`, `default_gateway`: IPv4 addresses; left out when there are none',
  kind: 'identity',
  async read({ system, files }) {
    const interfaces = await system.interfaces();
    const route = defaultRoute((await textOf(files, '/proc/net/route')) ?? '');
    const ordered = [...interfaces.filter(({ name }) => name === route?.interface), ...interfaces];
    const addresses = ordered.flatMap(({ addresses: all }) => all.map((cidr) => cidr.split('/')[0] ?? ''));
    const address = addresses.find((each) => /^\d/.test(each) && !each.startsWith('127.') && !each.includes(':'));
    return {
      ...(address === undefined ? {} : { default_ipv4: address }),
      ...(route?.gateway === undefined ? {} : { default_gateway: route.gateway }),
    };
  },
  examples: [
    {
      title: 'The interface of the default route with the lowest metric',
      given: {
        system: {
          interfaces: [
            { name: 'lo', addresses: ['127.0.0.1/8'] },
            { name: 'docker0', addresses: ['172.17.0.1/16'] },
            { name: 'eth0', addresses: ['10.0.0.5/24'] },
            { name: 'wlan0', addresses: ['192.168.1.7/24'] },
          ],
        },
        files: {
          '/proc/net/route':
            'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n' +
            'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n' +
            'eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n' +
            'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n',
        },
      },
      expect: { default_ipv4: '10.0.0.5', default_gateway: '10.0.0.1' },
    },
    { title: 'A machine with nothing but a loopback', given: {}, expect: {} },
  ],
});

interface Route {
  readonly interface: string;
  readonly gateway: string | undefined;
}

/** `/proc/net/route`: destination, gateway and mask are hexadecimal, the last byte first; all zeros is the default. */
function defaultRoute(routes: string): Route | undefined {
  const rows = routes.split('\n').map((line) => line.split('\t'));
  const defaults = rows.filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000');
  const [first] = defaults.toSorted((a, b) => Number(a[6]) - Number(b[6]));
  if (first === undefined) return undefined;
  const bytes = (first[2] ?? '').match(/../g) ?? [];
  const address = bytes.toReversed().map((byte) => Number.parseInt(byte, 16));
  return { interface: first[0] ?? '', gateway: address.some((byte) => byte > 0) ? address.join('.') : undefined };
}
