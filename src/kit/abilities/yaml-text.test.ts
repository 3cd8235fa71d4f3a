import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from './yaml-text.ts';

test('lists and maps are indented under what they belong to', () => {
  const text = yamlText({ web: { ports: [80, 443], hosts: [{ name: 'a', up: true }] }, none: null, empty: [] });

  assert.equal(
    text,
    'web:\n  ports:\n    - 80\n    - 443\n  hosts:\n    - name: a\n      up: true\nnone: null\nempty: []\n',
  );
});

for (const value of [
  '',
  'yes',
  '0644',
  '1e3',
  'a: b',
  '# x',
  "it's",
  'a\nb',
  ' x ',
  '-',
  '~',
  'plain words',
  '2024-01-01',
  '*a',
  '{x',
]) {
  test(`${JSON.stringify(value)} is read back as it is, by old and new readers`, () => {
    assert.deepEqual(parse(yamlText({ [value]: [value] }), { version: '1.1' }), { [value]: [value] });
    assert.deepEqual(parse(yamlText(value), { version: '1.2' }), value);
  });
}
