import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEngine } from '#engine/engine.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { outcomesOf, start, told } from './harness.ts';
import { treeOf } from './trees.ts';

interface Case {
  readonly given?: Given['files'];
  readonly tree?: Readonly<Record<string, string>>;
  readonly sls: string;
  readonly outcomes: readonly string[];
  /** Path → content afterwards; undefined for nothing there. */
  readonly files: Readonly<Record<string, string | undefined>>;
}

/** Applied twice: the second run changes nothing. A plan before says the same as the run. */
async function check({ given = {}, tree = {}, sls, outcomes, files }: Case): Promise<void> {
  const machine = fakeMachine({ files: given });
  const run = async (test: boolean) =>
    outcomesOf(start({ ...tree, 'web.sls': sls }, { machine, test, given: { tree } }));

  const planned = told(await run(true)).map((each) => each.replace(/would-change$/, 'changed'));
  const applied = told(await run(false));
  const again = told(await run(false));

  assert.deepEqual(applied, outcomes);
  assert.deepEqual(planned, outcomes);
  assert.deepEqual(
    again.filter((each) => !/ (unchanged|skipped)\b/.test(each)),
    outcomes.filter((each) => / failed/.test(each)),
  );
  const found = await Promise.all(
    Object.keys(files).map(async (path) => [path, textOf(await machine.files.read(path))] as const),
  );
  assert.deepEqual(Object.fromEntries(found), files);
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

describe('a directory that is cleaned', () => {
  const sls = `
/srv/d:
  file.directory:
    - clean: true
`;

  test('keeps what other states of the run manage, required or not, before or after', async () => {
    await check({
      given: { '/srv/d/a': 'a', '/srv/d/b/c': 'c', '/srv/d/b/x': 'x', '/srv/d/stray': 's', '/srv/d/old/x': 'x' },
      sls: `
/srv/d/a:
  file.managed:
    - contents: a
${sls}
/srv/d/b/c:
  file.managed:
    - contents: c
`,
      outcomes: ['/srv/d/a changed', '/srv/d changed', '/srv/d/b/c changed'],
      files: {
        '/srv/d/a': 'a\n',
        '/srv/d/b/c': 'c\n',
        '/srv/d/b/x': undefined,
        '/srv/d/stray': undefined,
        '/srv/d/old/x': undefined,
      },
    });
  });

  test('keeps all of a directory that it requires', async () => {
    await check({
      given: { '/srv/d/sub/x': 'x', '/srv/d/other/y': 'y' },
      sls: `${sls}
    - require:
      - file: /srv/d/sub
/srv/d/sub:
  file.directory: []
/srv/d/other:
  file.directory: []
`,
      outcomes: ['/srv/d/sub unchanged', '/srv/d changed', '/srv/d/other unchanged'],
      files: { '/srv/d/sub/x': 'x', '/srv/d/other/y': undefined },
    });
  });

  test('keeps what a folder of the tree brings, and what an edit is for', async () => {
    await check({
      given: { '/srv/d/conf/a': 'a\n', '/srv/d/conf/b': 'b', '/srv/d/edited': 'one\n' },
      tree: { 'conf/a': 'a\n' },
      sls: `${sls}
/srv/d/conf:
  file.recurse:
    - source: salt://conf
/srv/d/edited:
  file.append:
    - text: two
`,
      outcomes: ['/srv/d changed', '/srv/d/conf unchanged', '/srv/d/edited changed'],
      files: { '/srv/d/conf/a': 'a\n', '/srv/d/conf/b': undefined, '/srv/d/edited': 'one\ntwo\n' },
    });
  });

  test('lets go of what a state of the run removes', async () => {
    await check({
      given: { '/srv/d/a': 'a' },
      sls: `${sls}
/srv/d/a:
  file.absent: []
`,
      outcomes: ['/srv/d changed', '/srv/d/a unchanged'],
      files: { '/srv/d/a': undefined },
    });
  });

  test('is cleaned by a folder of the tree alike', async () => {
    await check({
      given: { '/srv/d/conf': 'c', '/srv/d/mine': 'm', '/srv/d/old/x': 'x', '/srv/d/keep/x': 'x' },
      tree: { 'conf/a': 'a\n' },
      sls: `
/srv/d:
  file.recurse:
    - source: salt://conf
    - clean: true
    - exclude_pat: keep
/srv/d/mine:
  file.managed:
    - replace: false
`,
      outcomes: ['/srv/d changed', '/srv/d/mine unchanged'],
      files: {
        '/srv/d/a': 'a\n',
        '/srv/d/conf': undefined,
        '/srv/d/mine': 'm',
        '/srv/d/old/x': undefined,
        '/srv/d/keep/x': 'x',
      },
    });
  });
});

describe("Salt's defaults, in its files", () => {
  test('a key that is missing stays so', async () => {
    await check({
      given: { '/srv/f': 'y=1\n' },
      sls: '/srv/f:\n  file.keyvalue:\n    - key: x\n    - value: new\n',
      outcomes: ['/srv/f unchanged'],
      files: { '/srv/f': 'y=1\n' },
    });
  });

  test('a file that is edited is kept beside it', async () => {
    await check({
      given: { '/srv/f': 'a\n', '/srv/g': 'a\n', '/srv/h': '#a\n' },
      sls: `
/srv/f:
  file.replace: [{pattern: a}, {repl: b}]
/srv/g:
  file.comment: [{regex: ^a}]
/srv/h:
  file.uncomment: [{regex: ^a}, {backup: false}]
`,
      outcomes: ['/srv/f changed', '/srv/g changed', '/srv/h changed'],
      files: {
        '/srv/f': 'b\n',
        '/srv/f.bak': 'a\n',
        '/srv/g': '#a\n',
        '/srv/g.bak': 'a\n',
        '/srv/h': 'a\n',
        '/srv/h.bak': undefined,
      },
    });
  });

  test('a rename that was done, or would overwrite, is fine', async () => {
    await check({
      given: { '/srv/a': 'a', '/srv/b': 'b' },
      sls: `
/srv/b:
  file.rename: [{source: /srv/a}]
/srv/c:
  file.rename: [{source: /srv/none}]
`,
      outcomes: ['/srv/b unchanged', '/srv/c unchanged'],
      files: { '/srv/a': 'a', '/srv/b': 'b', '/srv/c': undefined },
    });
  });

  test('a line needs to be told where it goes, and a file to be there', async () => {
    await check({
      given: { '/srv/f': 'a\n' },
      sls: `
/srv/f:
  file.line: [{content: b}, {mode: ensure}, {after: nothing}]
/srv/none:
  file.line: [{content: b}, {mode: ensure}, {after: nothing}]
`,
      outcomes: ['/srv/f failed', '/srv/none failed'],
      files: { '/srv/f': 'a\n', '/srv/none': undefined },
    });
  });
});

describe('lines of several states at one place', () => {
  test('stand beside each other, however often they are put there', async () => {
    await check({
      given: { '/srv/f': 'start\nend\n' },
      sls: `
a:
  file.line: [{name: /srv/f}, {mode: ensure}, {content: a}, {after: ^start}]
b:
  file.line: [{name: /srv/f}, {mode: ensure}, {content: b}, {after: ^start}]
c:
  file.line: [{name: /srv/f}, {mode: insert}, {content: c}, {before: ^end}]
d:
  file.line: [{name: /srv/f}, {mode: insert}, {content: d}, {before: ^end}]
`,
      outcomes: ['a changed', 'b changed', 'c changed', 'd changed'],
      files: { '/srv/f': 'start\nb\na\nc\nd\nend\n' },
    });
  });
});

describe('texts that are gathered', () => {
  test('are the accumulator of a template, and lines of a block', async () => {
    await check({
      given: { '/srv/block': 'head\n' },
      tree: { 'acc.j2': '{% for each in accumulator.vhosts %}{{ each }}\n{% endfor %}' },
      sls: `
one:
  file.accumulated:
    - filename: /srv/acc
    - name: vhosts
    - text: a
    - require_in:
      - file: /srv/acc
two:
  file.accumulated:
    - filename: /srv/acc
    - name: vhosts
    - text: [b, a]
    - require_in:
      - file: /srv/acc
/srv/acc:
  file.managed:
    - source: salt://acc.j2
    - template: jinja
lines:
  file.accumulated:
    - filename: /srv/block
    - text: [first, second]
    - require_in:
      - file: /srv/block
/srv/block:
  file.blockreplace:
    - marker_start: '# S'
    - marker_end: '# E'
    - content: base
    - append_if_not_found: true
`,
      outcomes: ['one unchanged', 'two unchanged', '/srv/acc changed', 'lines unchanged', '/srv/block changed'],
      files: { '/srv/acc': 'a\nb\n', '/srv/block': 'head\n# S\nbase\nfirst\nsecond\n# E\n' },
    });
  });
});

describe('a folder of the tree with links and empty folders', () => {
  const shape = () => ({
    folders: ['app/empty', 'app/sub', 'app/linked'],
    links: new Map([
      ['app/linked', 'sub'],
      ['app/l', 'a'],
    ]),
  });
  const tree = { ...treeOf({ 'app/a': 'a\n', 'app/l': 'a\n', 'app/linked/x': 'x\n', 'app/sub/x': 'x\n' }), shape };

  async function filled(args: Readonly<Record<string, unknown>>) {
    const machine = fakeMachine();
    const engine = createEngine({ registry, tree });
    const fill = { name: '/srv/app', source: 'salt://app', ...args };
    const run = () =>
      engine.single('file.recurse', fill, { scope: { id: 'a', facts: {}, settings: {} }, machine }).report();
    const [first, second] = [await run(), await run()];

    assert.deepEqual([first.counts.changed, second.counts.unchanged], [1, 1]);
    return machine.files;
  }

  test('becomes what its links lead to, without what is empty', async () => {
    const files = await filled({});

    assert.equal((await files.stat('/srv/app/l'))?.kind, 'file');
    assert.equal((await files.stat('/srv/app/linked'))?.kind, 'directory');
    assert.equal(await files.stat('/srv/app/empty'), undefined);
  });

  test('keeps them when asked to', async () => {
    const files = await filled({ keep_symlinks: true, include_empty: true });

    assert.equal((await files.stat('/srv/app/l'))?.target, 'a');
    assert.equal((await files.stat('/srv/app/linked'))?.target, 'sub');
    assert.equal(textOf(await files.read('/srv/app/linked/x')), 'x\n');
    assert.equal((await files.stat('/srv/app/empty'))?.kind, 'directory');
  });
});

describe('an edit of a text that is not plain UTF-8', () => {
  async function edited(before: Uint8Array, sls: string): Promise<Uint8Array | undefined> {
    const machine = fakeMachine();
    await machine.files.write('/srv/f', before);
    const [first, second] = [
      await outcomesOf(start({ 'web.sls': sls }, { machine })),
      await outcomesOf(start({ 'web.sls': sls }, { machine })),
    ];

    assert.deepEqual([...told(first), ...told(second)], ['/srv/f changed', '/srv/f unchanged']);
    return machine.files.read('/srv/f');
  }

  test('keeps its bytes, and writes new ones in its encoding', async () => {
    const before = Buffer.from('name=caf\u00e9\nport=1\n', 'latin1');

    const after = await edited(
      before,
      '/srv/f:\n  file.keyvalue: [{key_values: {port: 2, town: K\u00f6ln}}, {append_if_not_found: true}]\n',
    );

    assert.deepEqual(after, new Uint8Array(Buffer.from('name=caf\u00e9\nport=2\ntown=K\u00f6ln\n', 'latin1')));
  });

  test('finds its first line behind a byte order mark', async () => {
    const after = await edited(
      Buffer.from('\uFEFFport=1\r\n'),
      "/srv/f:\n  file.replace: [{pattern: '^port=1$'}, {repl: port=2}]\n",
    );

    assert.equal(Buffer.from(after ?? []).toString(), '\uFEFFport=2\r\n');
  });

  test('is refused where it is no text', async () => {
    const machine = fakeMachine();
    await machine.files.write('/srv/f', Uint8Array.from([0, 1]));

    const outcomes = await outcomesOf(start({ 'web.sls': '/srv/f:\n  file.append: [{text: a}]\n' }, { machine }));

    assert.equal(outcomes[0]?.error?.code, 'FILE_NOT_TEXT');
  });
});
