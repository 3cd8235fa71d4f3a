import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { alternatives, readMachineCases } from './format.ts';

describe('a file of machine cases', () => {
  test('is read with the bytes of its tree, and settings as they are written', () => {
    const [first, second] = read(`
# What people ran into.
- name: a
  root: plain
  tree:
    case.sls: |
      x: {file.managed: [name: /srv/t/x]}
    bin: !!binary AAH/
    '1.0': number
  pillar:
    mode: 0644
    on: yes
    text: |
      two
        lines
  expect: {007: changed, no: unchanged}
- name: b
  root: systemd
  pillar: {mode: 0644}
`);

    assert.deepEqual(first?.tree.bin, Buffer.from([0, 1, 255]));
    assert.equal(first?.tree['1.0'], 'number');
    assert.equal(first?.pillar, 'mode: 0644\non: yes\ntext: |\n  two\n    lines\n');
    assert.deepEqual(first?.expect, { '007': 'changed', no: 'unchanged' });
    assert.equal(second?.pillar?.trim(), '{mode: 0644}');
  });

  test('says where a case is not in the format', () => {
    const wrong = '- name: a\n  root: plain\n- name: b\n  root: plain\n  expects: {x: changed}\n';

    assert.throws(() => read(wrong), /cases\.yaml:3: [\s\S]*expects/);
    assert.throws(() => read('- name: a\n  root: moon\n'), /cases\.yaml:1: [\s\S]*root/);
    assert.throws(() => read('- {name: a, root: plain}\n- {name: a, root: plain}\n'), /two cases are named "a"/);
    assert.throws(() => read('a: 1\n'), /holds no list of cases/);
    assert.throws(() => read('- [unclosed\n'), /Cannot read/);
  });

  test('lays each alternative over what the case says by itself', () => {
    const [only] = read(`
- name: a
  root: plain
  plan: {x: would-change}
  expect: {x: changed}
  probe: ls
  output: ''
  expect_any:
  - output: one
  - expect_error: refused
    again: failed
`);
    const given = only === undefined ? [] : alternatives(only).map((each) => JSON.parse(JSON.stringify(each)));

    const common = { plan: { x: 'would-change' }, probe: 'ls' };
    assert.deepEqual(given, [
      { ...common, expect: { x: 'changed' }, output: 'one' },
      { ...common, expect_error: 'refused', output: '', again: 'failed' },
    ]);
  });
});

function read(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'zester-format-'));
  try {
    const path = join(folder, 'cases.yaml');
    writeFileSync(path, text);
    return readMachineCases(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
