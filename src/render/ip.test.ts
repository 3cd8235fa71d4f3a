import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressText, inNetwork, isKind, networkOf, parseAddress } from './ip.ts';

function shown(text: string): string | undefined {
  const address = parseAddress(text);
  return address && addressText(address);
}

describe('addresses', () => {
  const readings: readonly [written: string, shown: string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/24', '192.0.2.1/24'],
    ['192.0.2.1/255.255.255.0', '192.0.2.1/24'],
    ['192.0.2.256', undefined],
    ['192.0.2.01', undefined],
    ['192.0.2', undefined],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1::2::3', undefined],
    ['2001:db8::/129', undefined],
    ['host', undefined],
  ];

  for (const [written, expected] of readings) {
    test(`${written} reads as ${expected ?? 'no address'}`, () => {
      assert.equal(shown(written), expected);
    });
  }

  test('a network has a first address and a size', () => {
    const network = parseAddress('192.0.2.77/26');

    assert.deepEqual(network && networkOf(network), { first: 0xc0000240n, size: 64n });
  });

  test('an address is in its network and in no other', () => {
    const [address, own, other] = ['192.0.2.7', '192.0.2.0/24', '198.51.100.0/24'].map(parseAddress);

    assert.deepEqual(
      [own, other].map((network) => address && network && inNetwork(address, network)),
      [true, false],
    );
  });

  test('kinds follow the registries', () => {
    const kinds = ['private', 'loopback', 'multicast', 'link_local'];
    const kindsOf = (text: string) =>
      kinds.filter((kind) => isKind(parseAddress(text) ?? { version: 4, value: 0n, prefix: undefined }, kind));

    assert.deepEqual(['10.1.2.3', '127.0.0.1', '224.0.0.1', 'fe80::1', '8.8.8.8'].map(kindsOf), [
      ['private'],
      ['private', 'loopback'],
      ['multicast'],
      ['private', 'link_local'],
      [],
    ]);
  });
});
