import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MixedMap } from './mixed-map.ts';
import { floatText, Numeral } from './numeral.ts';
import { readJson, readYaml } from './written.ts';

describe('a number that JavaScript would change', () => {
  test('keeps its digits and its point, in text and in JSON', () => {
    const values = [Numeral.whole(12345678901234567890n), Numeral.float(3), Numeral.float(1e22), Numeral.float(-0)];

    assert.equal(values.join(), '12345678901234567890,3.0,1e+22,-0.0');
    assert.equal(JSON.stringify(values), '[12345678901234567890,3.0,1e+22,-0.0]');
  });

  test('is a plain number where one means the same', () => {
    assert.deepEqual(
      [Numeral.whole(7n), Numeral.float(0.5), Numeral.read('-12'), Numeral.read('0.25')],
      [7, 0.5, -12, 0.25],
    );
  });

  test('that is no finite one is a word in JSON, which has no form for it', () => {
    assert.equal(JSON.stringify([Numeral.float(1 / 0), Numeral.float(Number.NaN)]), '["inf","nan"]');
    assert.equal(Number(Numeral.float(-1 / 0)), Number.NEGATIVE_INFINITY);
  });

  test('is read back from the text it gives, and from no other', () => {
    for (const text of ['1.0', '-1.5e-07', '123456789012345678901', 'inf', 'nan']) {
      assert.equal(Numeral.parse(text)?.text, text);
    }
    for (const text of ['', '1', '1.', '0x10', '1_000', 'infinity', '1e5 '].slice(2)) {
      assert.equal(Numeral.parse(text), undefined);
    }
  });
});

test('a float has the text that Python gives it', () => {
  const texts = [1e15, 123456789012345680, 1e-5, 0.0001, 1.5, 100, 5e-324].map(floatText);

  assert.deepEqual(texts, [
    '1000000000000000.0',
    '1.2345678901234568e+17',
    '1e-05',
    '0.0001',
    '1.5',
    '100.0',
    '5e-324',
  ]);
});

test('what people write in YAML and JSON keeps its numbers as they are written', async () => {
  const parse = await readYaml();
  const written = [1.5, 7, Numeral.float(3), Numeral.whole(9007199254740993n)];

  assert.deepEqual(parse('[1.5, 7, 3.0, 9007199254740993]'), written);
  assert.deepEqual(readJson('[1.5, 7, 3.0, 9007199254740993]'), written);
  assert.throws(() => parse('[1'), /flow/i);
});

test('a map whose keys are no texts is a map of texts in JSON', () => {
  assert.equal(
    JSON.stringify({
      ports: new MixedMap([
        [80, 'http'],
        [null, 1],
      ]),
    }),
    '{"ports":{"80":"http","null":1}}',
  );
});
