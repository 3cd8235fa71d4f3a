import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeMachine } from '#machine/fake.ts';
import { createRenderer } from '#render/render.ts';
import { withProbes } from '../../test/cases/harness.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { createEngine, type Engine, type RunScope } from './engine.ts';

const scope: RunScope = { id: 'web-01', facts: { id: 'web-01' }, settings: { port: 80 } };

/** An engine over files that may change, which counts what it renders. */
function counting(files: Record<string, string>): { engine: Engine; rendered: string[] } {
  const rendered: string[] = [];
  const engine = createEngine({
    registry: withProbes,
    tree: treeOf(files),
    createRenderer(options) {
      const renderer = createRenderer(options);
      return {
        ...renderer,
        renderDocument(input) {
          rendered.push(input.path);
          return renderer.renderDocument(input);
        },
      };
    },
  });
  return { engine, rendered };
}

test('a file is rendered again only when it, what it imports, or its scope has changed', () => {
  const files = {
    'web.zy': '{% from "map.jinja" import name with context %}{{ name }}: test.nop\ninclude: [lib]\n',
    'map.jinja': '{% set name = "a" %}',
    'lib.zy': 'l: test.nop\n',
  };
  const { engine, rendered } = counting(files);

  const first = engine.compile(['web'], { scope });
  const again = engine.compile(['web'], { scope });
  files['map.jinja'] = '{% set name = "b" %}';
  const changed = engine.compile(['web'], { scope });
  engine.compile(['web'], { scope: { ...scope, settings: { port: 81 } } });

  assert.equal(again, first);
  assert.deepEqual(
    changed.graph.steps.map(({ id }) => id),
    ['l', 'b'],
  );
  assert.deepEqual(rendered, ['web.zy', 'lib.zy', 'web.zy', 'web.zy', 'lib.zy']);
});

test('what a template asked a function is asked again each time', () => {
  const answers = ['a', 'b'];
  const { engine } = counting({ 'web.zy': "{{ salt['probe.next']() }}: test.nop\n" });
  const asking = { ...scope, has: () => true, call: () => answers.shift() };

  const ids = [1, 2].map(() => engine.compile(['web'], { scope: asking }).graph.steps[0]?.id);

  assert.deepEqual(ids, ['a', 'b']);
});

test('a hundred unchanged files applied again change nothing', async () => {
  const file = Array.from(
    { length: 100 },
    (_, index) => `/srv/f${index}:\n  file.managed:\n    - contents: hello ${index}\n`,
  );
  const { engine } = counting({ 'web.sls': file.join('') });
  const machine = fakeMachine({ files: { '/srv': { directory: true } } });
  await engine.apply(['web'], { scope, machine }).report();

  const report = await engine.apply(['web'], { scope, machine }).report();

  assert.equal(report.counts.unchanged, 100);
});

test('a thousand states that require one compile to as many steps', () => {
  const file =
    '{% for n in range(1000) %}\ns{{ n }}:\n  test.nop:\n    - require:\n      - test: base\n{% endfor %}\nbase:\n  test.nop: []\n';
  const { engine } = counting({ 'web.sls': file });

  const { graph } = engine.compile(['web'], { scope });

  assert.equal(graph.steps.length, 1_001);
});

test('a single state needs no file', async () => {
  const { engine } = counting({});

  const report = await engine
    .single('test.succeed_with_changes', { name: 'x' }, { scope, machine: fakeMachine() })
    .report();

  assert.deepEqual(
    report.outcomes.map(({ id, result, ref }) => [id, result, ref]),
    [['x', 'changed', 'single']],
  );
});

test('after an edit only what was edited is built again', () => {
  const files = { 'web.zy': 'a: test.nop\ninclude: [lib]\n', 'lib.zy': 'l: {test.nop: {name: x}}\n' };
  const { engine } = counting(files);
  const workOf = (id: string) => engine.compile(['web'], { scope }).graph.steps.find((step) => step.id === id)?.work;

  const before = [workOf('a'), workOf('l')];
  files['web.zy'] = 'a: {test.nop: {name: y}}\ninclude: [lib]\n';

  assert.notEqual(workOf('a'), before[0]);
  assert.equal(workOf('l'), before[1]);
});

test('a state that another file extends is built again when the extension changes', () => {
  const files = {
    'web.zy': 'include: [lib]\nextend: {l: {group.present: {gid: 700}}}\n',
    'lib.zy': 'l: group.present\n',
  };
  const { engine } = counting(files);
  const gid = () => {
    const [step] = engine.compile(['web'], { scope }).graph.steps;
    return step?.work.kind === 'ready' ? step.work.built.wanted.gid : undefined;
  };

  assert.equal(gid(), 700);
  files['web.zy'] = files['web.zy'].replace('700', '701');

  assert.equal(gid(), 701);
});
