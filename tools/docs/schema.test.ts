import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { registry } from '#modules/registry.ts';
import { settingsFileSchema, stateFileSchema, topFileSchema } from './schema.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
const validators = {
  state: ajv.compile(stateFileSchema(registry)),
  top: ajv.compile(topFileSchema()),
  settings: ajv.compile(settingsFileSchema()),
};

function mistakes(kind: keyof typeof validators, value: unknown): readonly string[] {
  const validate = validators[kind];
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const good = {
  state: [
    'nginx: pkg.installed',
    'web:\n  pkg.installed: []\n  service.running:\n    - enable: true\n    - watch: [{file: /etc/x}, {sls: web.tls}, plain]',
    '/etc/motd:\n  file:\n    - managed\n    - contents: hi\n',
    '/etc/motd:\n  file.managed: {contents: hi, mode: 644, makedirs: "yes", user: 0}',
    'a:\n  file.managed:\n    - name: /x\n    - makedirs: "{{ settings.make }}"\n    - retry: {attempts: 3, interval: 1}\n    - onlyif: [test -d /x, {fun: file.exists, name: /y}]\n    - order: last',
    'include: [web, {dev: db}]\nextend:\n  web:\n    service:\n      - running\n      - watch: [{file: x}]\nexclude: [{id: x}, {sls: y}, z]\n',
    'a:\n  test.nop:\n    - names: [x, {y: [{order: 1}]}]',
  ],
  top: [
    "base:\n  '*': [common]\n  'web*':\n    - web\n    - match: glob\n  'db*': db\ndev:\n  'x': [{base: web}]",
    'include: [tops.web]\nbase: {}',
  ],
  settings: ['site: shop\nports: [80, 443]\n', 'include: [common]\na: {b: {c: null}}'],
};

const bad = {
  state: [
    'a: pkg.instaled',
    'a:\n  pkg.instaled: []',
    'a:\n  file.managed:\n    - contens: hi',
    'a:\n  file.managed: {contens: hi}',
    'a:\n  file.managed:\n    - makedirs: maybe',
    'a:\n  file:\n    - manged',
    '- a\n- b',
    'a:\n  test.nop:\n    - order: soon',
    'a:\n  test.nop:\n    - retry: {tries: 3}',
    'extend: [a]',
  ],
  top: ["base: ['*']", "base:\n  '*':\n    - match: globb", "base:\n  '*': 1"],
  settings: ['- a', 'just text'],
};

for (const kind of ['state', 'top', 'settings'] as const) {
  describe(`the schema of ${kind} files`, () => {
    for (const text of good[kind]) {
      test(`takes ${JSON.stringify(text)}`, () => assert.deepEqual(mistakes(kind, parse(text)), []));
    }
    for (const text of bad[kind]) {
      test(`refuses ${JSON.stringify(text)}`, () => assert.notDeepEqual(mistakes(kind, parse(text)), []));
    }
  });
}

test('the schema takes every example that a state gives of itself, and refuses those with wrong arguments', () => {
  const wrong: string[] = [];
  for (const { name, args: schema, examples } of registry.states.values()) {
    const closed = schema.def.catchall === undefined;
    for (const { title, args, expect } of examples) {
      const refusal = (expect as { refusal?: string }).refusal ?? '';
      const found = [args, Object.entries(args).map(([key, value]) => ({ [key]: value }))].map((written) =>
        mistakes('state', { id: { [name]: written } }),
      );
      // A state that takes any argument judges them itself.
      const isWrong = refusal === 'ARGUMENT_UNKNOWN' && closed;
      const isRefused = found.every((each) => each.length > 0);
      const isTaken = found.every((each) => each.length === 0);
      if (isWrong ? !isRefused : refusal === '' && !isTaken) wrong.push(`${name}: ${title}: ${found.flat()[0]}`);
    }
  }

  assert.deepEqual(wrong, []);
});
