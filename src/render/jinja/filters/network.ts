import { randomBytes } from 'node:crypto';
import { type Address, addressText, bits, inNetwork, isKind, networkOf, parseAddress } from '../../ip.ts';
import { typeError, valueError } from '../errors.ts';
import { normal } from '../numbers.ts';
import { iterate } from '../operators.ts';
import { str } from '../print.ts';
import { Dict, isText, Once, Tuple, typeName, type Value } from '../values.ts';
import { filterTable } from './table.ts';

const detailed = 'value, options=None, version=None';
const largestNetwork = 65_536n;

export const networkFilters = filterTable({
  is_ip: [
    'value, options=None',
    (value = null, options = null) =>
      isText(value) && (find(value, 4, options) ?? find(value, 6, options)) !== undefined,
  ],
  is_ipv4: [
    'value, options=None',
    (value = null, options = null) => isText(value) && find(value, 4, options) !== undefined,
  ],
  is_ipv6: [
    'value, options=None',
    (value = null, options = null) => isText(value) && find(value, 6, options) !== undefined,
  ],
  ipv4: ['value, options=None', (value = null, options = null) => select(value, 4, options)],
  ipv6: ['value, options=None', (value = null, options = null) => select(value, 6, options)],
  ipaddr: ['value, options=None', (value = null, options = null) => selectAny(value, options)],
  ip_host: [detailed, (value = null, options = null, version = null) => each(value, { options, version }, hostText)],
  network_hosts: [detailed, (value = null, options = null, version = null) => each(value, { options, version }, hosts)],
  network_size: [
    detailed,
    (value = null, options = null, version = null) =>
      each(value, { options, version }, (address) => normal(networkOf(address).size)),
  ],
  filter_by_networks: ['values, networks', (values = null, networks = null) => filterByNetworks(values, networks)],
  ipwrap: ['data', (data = null) => (isList(data) ? [...iterate(data)].map(wrap) : wrap(data))],
  gen_mac: [
    "prefix='AC:DE:48'",
    (prefix = 'AC:DE:48') =>
      `${str(prefix)}:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')}`,
  ],
  mac_str_to_bytes: ['mac_str', (mac = null) => macDigits(str(mac))],
});

const kinds: Readonly<Record<string, string>> = {
  global: '!private',
  public: '!private',
  'link-local': 'link_local',
  linklocal: 'link_local',
  ll: 'link_local',
  link_local: 'link_local',
  loopback: 'loopback',
  lo: 'loopback',
  multicast: 'multicast',
  private: 'private',
  reserved: 'reserved',
  'site-local': 'site_local',
  sl: 'site_local',
  site_local: 'site_local',
  unspecified: 'unspecified',
};

/** The address a text is, when it has the version and everything the options ask for. */
function find(value: Value, version: 4 | 6, options: Value): Address | undefined {
  const address = isText(value) ? parseAddress(str(value)) : undefined;
  if (address?.version !== version) return undefined;
  const wanted =
    options === null || str(options) === ''
      ? []
      : str(options)
          .split(',')
          .map((option) => option.trim());
  const fits = wanted.every((option) => {
    const kind = kinds[option];
    if (kind === undefined) return true;
    return kind.startsWith('!') ? !isKind(address, kind.slice(1)) : isKind(address, kind);
  });
  return fits ? address : undefined;
}

function isList(value: Value): boolean {
  return Array.isArray(value) || value instanceof Tuple || value instanceof Once;
}

function select(value: Value, version: 4 | 6, options: Value): Value {
  if (isText(value)) {
    const address = find(value, version, options);
    return address === undefined ? null : addressText(address);
  }
  if (!isList(value)) return null;
  return [...iterate(value)].flatMap((item) => {
    const address = find(item, version, options);
    return address === undefined ? [] : [addressText(address)];
  });
}

function selectAny(value: Value, options: Value): Value {
  const [four, six] = [select(value, 4, options), select(value, 6, options)];
  return Array.isArray(four) && Array.isArray(six) ? [...four, ...six] : four === null ? six : four;
}

function each(
  value: Value,
  { options, version }: { options: Value; version: Value },
  make: (address: Address) => Value,
): Value {
  const found = version === 4 || version === 6 ? select(value, version, options) : selectAny(value, options);
  if (found === null || (Array.isArray(found) && found.length === 0)) return null;
  const made = (Array.isArray(found) ? found : [found]).map((text) => make(parseAddress(str(text)) as Address));
  return isList(value) ? made : (made[0] ?? null);
}

function hostText(address: Address): string {
  return addressText({ ...address, prefix: address.prefix ?? bits(address.version) });
}

function hosts(address: Address): Value {
  const { first, size } = networkOf(address);
  if (size > largestNetwork) throw valueError(`a network of ${size} addresses is too large to list`);
  const all = Array.from({ length: Number(size) }, (_, index) =>
    addressText({ ...address, value: first + BigInt(index), prefix: undefined }),
  );
  // The network's and the broadcast address are no hosts; IPv6 has no broadcast.
  if (all.length <= 2) return all;
  return address.version === 4 ? all.slice(1, -1) : all.slice(1);
}

function filterByNetworks(values: Value, networks: Value): Value {
  if (networks === null) return values;
  const nets = [...iterate(networks)].map((network) => addressOf(network));
  const filter = (ips: Value): Value[] =>
    [...iterate(ips)].flatMap((ip) => nets.filter((network) => inNetwork(addressOf(ip), network)).map(() => ip));
  if (values instanceof Dict) return new Dict([...values.entries()].map(({ key, value }) => [key, filter(value)]));
  if (!isList(values)) throw typeError(`Do not know how to filter a ${typeName(values)}`);
  return filter(values);
}

function addressOf(value: Value): Address {
  const address = parseAddress(str(value));
  if (address === undefined)
    throw valueError(`'${str(value)}' does not appear to be an IPv4 or IPv6 address or network`);
  return address;
}

function wrap(value: Value): Value {
  const address = find(value, 6, null);
  return address === undefined ? value : `[${str(value).replace(/^\[|\]$/g, '')}]`;
}

function macDigits(mac: string): string {
  const digits = mac.replace(/[:.-]/g, '');
  if (!/^[0-9a-fA-F]{12}$/.test(digits)) throw valueError('Invalid MAC address');
  return digits;
}
