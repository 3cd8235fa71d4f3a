import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { jsonText } from '#base/visible.ts';
import { shownValue } from './shown.ts';
import { valueText } from './value.ts';
import { yamlText } from './yaml.ts';

const value = {
  version: Numeral.float(3),
  serial: Numeral.whole(12345678901234567890n),
  ports: new MixedMap([[80, { name: 'http\u202e' }]]),
  bytes: new Uint8Array([0, 255]),
};

test('a value is shown with its own numbers and keys, in every form', async () => {
  assert.equal(
    jsonText(value),
    '{"version":3.0,"serial":12345678901234567890,"ports":{"80":{"name":"http\\u202e"}},"bytes":"AP8="}',
  );
  assert.equal(
    valueText(value),
    'version: 3.0\nserial: 12345678901234567890\nports:\n  80:\n    name: http\\u202e\nbytes: 2 bytes',
  );
  assert.match(await yamlText(value), /^version: 3\.0\nserial: 12345678901234567890\nports:\n {2}"80":\n/);
});

test('what is not seen is written out in maps whose keys are no texts, too', () => {
  assert.deepEqual(shownValue(new MixedMap([[1, 'a\u202e']]), true), new MixedMap([[1, 'a\\u202e']]));
});
