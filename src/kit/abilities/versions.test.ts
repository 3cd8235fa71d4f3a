import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareVersions, isExact, newestOf, satisfies } from './versions.ts';

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
    ['!=1.24.*', '1.24.2', false],
    ['=1.24.*', '1.24.2', true],
    ['1.2[45]*', '1.25', true],
    ['<1.25', '1.24.9-1', true],
    ['<1.25', '1:1.0', false],
    ['>= 2:9.0', '2:9.0.2-1', true],
    [undefined, '1', true],
  ] as const) {
    test(`${installed} is ${is ? '' : 'not '}what "${wish}" asks for`, () =>
      assert.equal(satisfies(installed, wish), is));
  }

  test('may have more digits than a number holds', () => {
    assert.equal(compareVersions('20240101123456789012', '20240101123456789013'), -1);
  });

  test('without an epoch or a revision are any of them, where that is so', () => {
    const loose = { loose: true };

    assert.equal(satisfies('32:1.24-3.el9', '1.24', loose), true);
    assert.equal(satisfies('1.24-3.el9', '<=1.24', loose), true);
    assert.equal(satisfies('32:1.24-3.el9', '1.24.*', loose), false);
    assert.equal(satisfies('32:1.24.1-3.el9', '1.24.*', loose), true);
    assert.equal(satisfies('1.24-3.el9', '1.24-2.el9', loose), false);
    assert.equal(satisfies('1:1.24-3.el9', '2:1.24', loose), false);
  });

  test('are chosen by a wish: the newest that suits', () => {
    const offered = ['1.24.2-1', '1.9-1', '1.25.0-1', '1.24.10-1'];

    assert.equal(newestOf(offered, '1.24.*'), '1.24.10-1');
    assert.equal(newestOf(offered, '>=1.10,<1.24.10'), '1.24.2-1');
    assert.equal(newestOf(offered, undefined), '1.25.0-1');
    assert.equal(newestOf(offered, '2.*'), undefined);
  });

  test('that are missing satisfy nothing', () => assert.equal(satisfies(undefined, undefined), false));

  test('name one version unless they compare or leave open', () => {
    assert.deepEqual(
      [isExact('1:2.0-3~x+y'), isExact('>=1'), isExact('1.*'), isExact(undefined)],
      [true, false, false, false],
    );
  });
});
