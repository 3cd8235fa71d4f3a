import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareVersions, isExact, satisfies } from './versions.ts';

/** Each older than the next, as `dpkg --compare-versions` has it. */
const ascending = [
  '0.9~~',
  '0.9~rc1',
  '0.9',
  '0.9-1',
  '0.9-1ubuntu1',
  '0.9a',
  '0.9+b1',
  '0.10',
  '1.0',
  '1.0.1',
  '1:0.1',
  '2:0.0',
];

describe('versions', () => {
  test('are ordered as dpkg orders them', () => {
    assert.deepEqual(ascending.toReversed().toSorted(compareVersions), ascending);
  });

  test('are the same however zeros are written', () => assert.equal(compareVersions('1.01', '1.1'), 0));

  test('can be compared without their epochs', () => {
    assert.equal(compareVersions('1:2.0', '2.0', { ignoreEpoch: true }), 0);
  });

  for (const [wish, installed, is] of [
    ['1.24', '1.24', true],
    ['1.24', '1.24-1', false],
    ['1.24.*', '1.24.0-1', true],
    ['1.24.*', '1.25', false],
    ['>=1.2,<2', '1.10', true],
    ['>=1.2,<2', '2.0', false],
    ['!=1.0', '1.0', false],
    [undefined, '1', true],
  ] as const) {
    test(`${installed} is ${is ? '' : 'not '}what "${wish}" asks for`, () =>
      assert.equal(satisfies(installed, wish), is));
  }

  test('that are missing satisfy nothing', () => assert.equal(satisfies(undefined, undefined), false));

  test('name one version unless they compare or leave open', () => {
    assert.deepEqual(
      [isExact('1:2.0-3~x+y'), isExact('>=1'), isExact('1.*'), isExact(undefined)],
      [true, false, false, false],
    );
  });
});
