import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network.ts';

test('an IPv4 address is one source, however it is written', () => {
  for (const address of [
    '10.0.0.7',
    '::ffff:10.0.0.7',
    '::ffff:a00:7',
    '0:0:0:0:0:FFFF:10.0.0.7',
    '64:ff9b::10.0.0.7',
  ]) {
    assert.equal(networkOf(address), '10.0.0.7', address);
  }
});

test('the addresses of an IPv6 network of 64 bits are one source', () => {
  const all = [
    '2001:db8:0:1::1',
    '2001:db8:0:1:ffff:ffff:ffff:ffff',
    '2001:0db8::0001:0:0:0:9',
    '2001:db8:0:1::5%eth0',
  ];
  assert.equal(new Set(all.map(networkOf)).size, 1);
  assert.notEqual(networkOf('2001:db8:0:2::1'), networkOf('2001:db8:0:1::1'));
  assert.notEqual(networkOf('::1'), networkOf('::ffff:0.0.0.1'));
});

test('what is no address is a source of its own', () => {
  assert.equal(networkOf(''), '');
  assert.equal(networkOf('not an address'), 'not an address');
});
