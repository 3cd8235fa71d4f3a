import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import { fast, type Resident, unanswered } from './fast.ts';

const own: Resident = {
  version: '1.2.3',
  facts: { os: { family: 'debian', names: ['a', 'b'] }, 'os:odd': 'whole', none: null, id: 'web-01' },
  grains: { os_family: 'Debian', osfinger: 'Debian-12' },
  settings: { web: { port: 8080, 'a.b': 'dotted' }, list: [1, 2] },
};

for (const [name, read] of fast) {
  const called = registry.functions.get(name);
  if (called === undefined) throw new Error(`${name} is no function of the registry`);
  // The version is that of the program: there is no other road to it.
  if (name === 'test.version') continue;
  const { facts, grains, settings } = own;
  const context = { ...contextOn(fakeMachine()), facts, grains, settings };
  const atLeisure = async (call: Call) => {
    const positional = call.id === undefined ? [] : [call.id];
    return called.run(rawArguments(called.args, call.args, positional), context);
  };

  describe(`${name}, at once and at leisure`, () => {
    for (const example of called.examples) {
      test(example.title, async () => {
        const resident = { ...own, facts: {}, grains: {}, settings: {}, ...example.given };
        assert.deepEqual(read({ args: example.args }, resident), example.expect);
      });
    }
    for (const call of calls) {
      test(JSON.stringify(call), async () => {
        const atOnce = read(call, own);
        if (atOnce === unanswered) return;
        assert.deepEqual(atOnce, await atLeisure(call));
      });
    }
  });
}

test('what would be refused is not answered at once', () => {
  const odd = [
    ['test.ping', { args: { loud: true } }],
    ['facts.get', { args: { key: 7 } }],
    ['facts.get', { args: { key: 'os', flavour: 'x' } }],
    ['facts.get', { id: 'os', args: { key: 'id' } }],
    ['settings.item', { args: { keys: [1] } }],
    ['settings.items', { id: 'web', args: {} }],
    ['grains.keys', { args: { key: 'os', delimiter: null } }],
    ['pillar.has_value', { args: {} }],
  ] as const;

  for (const [name, call] of odd) assert.equal(fast.get(name)?.(call, own), unanswered, name);
});

test('a plain question is answered at once', () => {
  assert.equal(fast.get('facts.get')?.({ id: 'os.family', args: {} }, own), 'debian');
  assert.deepEqual(fast.get('grains.item')?.({ id: 'osfinger', args: {} }, own), { osfinger: 'Debian-12' });
  assert.equal(fast.get('settings.get')?.({ id: 'web:port', args: {} }, own), 8080);
});

interface Call {
  readonly id?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

const calls: readonly Call[] = [
  { args: {} },
  ...[
    '',
    'os',
    'os:family',
    'os.family',
    'os:names:1',
    'os:odd',
    'none',
    'nowhere',
    'web.a.b',
    'osfinger',
    'list',
  ].flatMap((key) => [{ id: key, args: {} }, { args: { key } }]),
  { id: 'os/family', args: { delimiter: '/' } },
  { id: 'nowhere', args: { default: null } },
  { id: 'nowhere', args: { default: ['a'] } },
  { id: 'os', args: { default: { flavour: 'x' }, merge: true } },
  { id: 'os', args: { merge: 'true' } },
  { args: { keys: ['os', 'nowhere'] } },
  { args: { keys: 'os' } },
];
