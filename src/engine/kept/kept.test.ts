import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeMachine } from '#machine/fake.ts';
import { createRenderer } from '#render/render.ts';
import { withProbes } from '../../../test/cases/harness.ts';
import { treeOf } from '../../../test/cases/trees.ts';
import { createEngine, type KeptStore, type RunScope } from '../engine.ts';

const scope: RunScope = { id: 'web-01', facts: { id: 'web-01', role: 'web' }, settings: { port: 80 } };

const files = {
  'web/init.zy':
    '{% from "map.jinja" import name with context %}{{ name }}: {test.nop: []}\n/srv/app.conf:\n  file.managed: {source: web/app.conf, template: jinja, makedirs: true}\n',
  'map.jinja': '{% set name = facts.role %}',
  'web/app.conf': '{% include "web/port" %}',
  'web/port': 'port {{ settings.port }}\n',
};

interface Desk {
  readonly files: Record<string, string>;
  readonly store: KeptStore & { readonly kept: Map<string, Uint8Array> };
  /** Runs in a process of its own, and gives the ids and what was rendered for it. */
  run(options?: Partial<Run>): Promise<{ readonly ids: readonly string[]; readonly rendered: readonly string[] }>;
}

interface Run {
  readonly scope: RunScope;
  readonly program: string;
  readonly test: boolean;
  readonly refs: readonly string[];
}

function desk(given: Record<string, string> = files): Desk {
  const kept = new Map<string, Uint8Array>();
  const own = { ...given };
  const store = {
    kept,
    read: (name: string) => kept.get(name),
    write: (name: string, bytes: Uint8Array) => void kept.set(name, bytes),
  };
  return {
    files: own,
    store,
    async run({ scope: seen = scope, program = 'one', test = false, refs = ['web'] } = {}) {
      const rendered: string[] = [];
      const engine = createEngine({
        registry: withProbes,
        tree: treeOf(own),
        kept: { store, program, tree: 'a tree' },
        createRenderer(options) {
          const renderer = createRenderer(options);
          return {
            renderDocument(input) {
              rendered.push(input.path);
              return renderer.renderDocument(input);
            },
            renderText(input) {
              rendered.push(input.path);
              return renderer.renderText(input);
            },
          };
        },
      });
      const run = engine.apply(refs, { scope: { ...seen, test }, machine: fakeMachine(), test });
      const { outcomes } = await run.report();
      assert.deepEqual(
        outcomes.filter(({ result }) => result === 'failed'),
        [],
      );
      return { ids: outcomes.map(({ id }) => id), rendered };
    },
  };
}

test('what one process compiled, the next one runs without rendering anything', async () => {
  const { run } = desk();

  const first = await run();
  const second = await run();

  assert.deepEqual(first.rendered, ['web/init.zy', 'web/app.conf']);
  assert.deepEqual(second, { ids: first.ids, rendered: [] });
});

const changes: readonly [what: string, change: (desk: Desk) => Partial<Run> | undefined][] = [
  [
    'a state file',
    ({ files }) => void Object.assign(files, { 'web/init.zy': `${files['web/init.zy']}more: test.nop\n` }),
  ],
  ['a file that it imports', ({ files }) => void Object.assign(files, { 'map.jinja': '{% set name = "db" %}' })],
  ['a file that now comes before it', ({ files }) => void Object.assign(files, { 'web.zy': 'web: test.nop\n' })],
  ['a fact', () => ({ scope: { ...scope, facts: { ...(scope.facts as object), role: 'db' } } })],
  ['a setting', () => ({ scope: { ...scope, settings: { port: 81 } } })],
  ['the peel', () => ({ scope: { ...scope, id: 'web-02' } })],
  ['the build of the program', () => ({ program: 'two' })],
  ['a run that becomes a plan', () => ({ test: true })],
  ['what is asked for', () => ({ refs: ['web', 'web'] })],
];

for (const [what, change] of changes) {
  test(`another compilation is needed after a change of ${what}`, async () => {
    const own = desk();
    await own.run();

    const { rendered } = await own.run(change(own));

    assert.match(rendered.join(), /web/, 'something was rendered again');
  });
}

test('a highstate is compiled again when a target gives another answer', async () => {
  const { store } = desk();
  const tree = treeOf({ 'top.zy': "base: {'web*': a, 'db*': b}\n", 'a.zy': 'a: test.nop\n', 'b.zy': 'b: test.nop\n' });
  const highstate = async (prefix: string) => {
    const engine = createEngine({ registry: withProbes, tree, kept: { store, program: 'one', tree: 'a tree' } });
    const matches = (target: string) => target.startsWith(prefix);
    const { outcomes } = await engine.highstate({ scope, machine: fakeMachine(), matches }).report();
    return outcomes.map(({ id }) => id);
  };

  const [web, again, db] = [await highstate('web'), await highstate('web'), await highstate('db')];

  assert.deepEqual([web, again, db], [['a'], ['a'], ['b']]);
});

test('only the text whose template, or what it includes, has changed is rendered again', async () => {
  const own = desk();
  await own.run();
  own.files['web/port'] = 'port {{ settings.port }}1\n';

  const { rendered } = await own.run();
  const next = await own.run();

  assert.deepEqual([rendered, next.rendered], [['web/app.conf'], []]);
});

for (const [what, text] of [
  ['a function', "id {{ salt['probe.next']() }}: test.nop\n"],
  ['chance', 'id {{ [1, 1] | random }}: test.nop\n'],
  ['chance, by way of another filter', 'id {{ [[1, 1]] | map("random") | first }}: test.nop\n'],
  ['the clock', 'id {{ None | strftime("%Y") }}: test.nop\n'],
] as const) {
  test(`what asks ${what} is not kept`, async () => {
    const { run, store } = desk({ 'web.zy': text });
    const asking = { ...scope, has: () => true, call: () => 'a' };

    const { rendered } = await run({ scope: asking });
    const again = await run({ scope: asking });

    assert.deepEqual([rendered, again.rendered, store.kept.size], [['web.zy'], ['web.zy'], 0]);
  });
}

test('a file of which only a managed file asks the machine is kept, its text is not', async () => {
  const { run } = desk({ ...files, 'web/app.conf': '{{ [1, 1] | random }}\n' });
  await run();

  const { rendered } = await run();

  assert.deepEqual(rendered, ['web/app.conf']);
});

test('what holds a secret is not written', async () => {
  const { run, store } = desk();

  await run({ scope: { ...scope, secrets: ['hunter22'] } });

  assert.equal(store.kept.size, 0);
});

for (const [what, text] of [
  ['a secret argument', 'deploy: {user.present: [password: "$6$salt$hash"]}\n'],
  [
    'changes that are not shown',
    '/srv/key: {file.managed: [contents: hunter22, makedirs: true, show_changes: false]}\n',
  ],
] as const) {
  test(`a run with ${what} is not written`, async () => {
    const { run, store } = desk({ 'web.sls': text });

    await run();

    assert.equal(store.kept.size, 0);
  });
}

test('a run whose changes are secret on the machine only is written', async () => {
  const { run, store } = desk({ 'web.sls': 'deploy: user.absent\n' });

  await run();

  assert.equal(store.kept.size, 1);
});

test('nothing is taken of a record that does not make sense', async () => {
  const { run, store } = desk();
  const { ids } = await run();
  for (const text of ['', '{', '[]', '{"program":"one"}', '{"program":"one","scope":1,"inputs":{},"graph":null}']) {
    for (const name of store.kept.keys()) store.kept.set(name, new TextEncoder().encode(text));

    assert.deepEqual((await run()).ids, ids, text);
  }
});
