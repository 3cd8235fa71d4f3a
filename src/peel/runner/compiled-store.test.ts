import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newJid } from '#base/ids.ts';
import { systemClock } from '#base/time.ts';
import type { RunRequest } from '../shared/run-protocol.ts';
import { localTree } from '../shared/tree.ts';
import { compiledFolder, openCompiledStore } from './compiled-store.ts';
import { localWorker } from './main.ts';

const bytes = new TextEncoder().encode('{"steps":[]}');

const nameOf = (index: number) => String(index).padStart(64, '0');

function desk() {
  const dir = mkdtempSync(join(tmpdir(), 'zester-compiled-'));
  const folder = join(dir, 'compiled');
  return {
    folder,
    store: openCompiledStore(folder),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

test("what was written is read again, and is nobody else's business", () => {
  using own = desk();

  own.store.write('a', bytes);

  assert.deepEqual([...(own.store.read('a') ?? [])], [...bytes]);
  assert.equal(own.store.read('b'), undefined);
  assert.deepEqual([statSync(own.folder).mode & 0o777, statSync(join(own.folder, 'a')).mode & 0o777], [0o700, 0o600]);
});

const damages: readonly [what: string, harm: (path: string, folder: string) => void][] = [
  ['a byte that is another one', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('steps', 'stops'))],
  ['a file that was cut', (path) => writeFileSync(path, readFileSync(path).subarray(0, -1))],
  ['an empty file', (path) => writeFileSync(path, '')],
  ['a file that others may write', (path) => chmodSync(path, 0o602)],
  ['a folder that others may write', (_, folder) => chmodSync(folder, 0o770)],
  [
    'a link',
    (path, folder) => {
      writeFileSync(`${folder}.elsewhere`, readFileSync(path), { mode: 0o600 });
      rmSync(path);
      symlinkSync(`${folder}.elsewhere`, path);
    },
  ],
];

for (const [what, harm] of damages) {
  test(`${what} is not there`, () => {
    using own = desk();
    own.store.write('a', bytes);

    harm(join(own.folder, 'a'), own.folder);

    assert.equal(own.store.read('a'), undefined);
  });
}

test('what belongs to another user is not there', { skip: process.getuid?.() !== 0 }, () => {
  using own = desk();
  own.store.write('a', bytes);

  chownSync(join(own.folder, 'a'), 65_534, 65_534);

  assert.equal(own.store.read('a'), undefined);
});

test('only the latest are kept', () => {
  using own = desk();

  for (let index = 0; index < 40; index++) own.store.write(nameOf(index), bytes);

  assert.equal(readdirSync(own.folder).length, 32);
  assert.notEqual(own.store.read(nameOf(39)), undefined);
});

test('what somebody else keeps in a folder of that name stays, however old and much it is', () => {
  using own = desk();
  const theirs = Array.from({ length: 40 }, (_, index) => `program-${index}.o`);
  mkdirSync(own.folder, { mode: 0o700 });
  for (const name of theirs) writeFileSync(join(own.folder, name), '');

  for (let index = 0; index < 40; index++) own.store.write(nameOf(index), bytes);

  const left = readdirSync(own.folder);
  assert.deepEqual(
    theirs.filter((name) => !left.includes(name)),
    [],
  );
  assert.equal(left.length, 72);
});

test('where nothing can be written, nothing is kept and nothing fails', () => {
  using own = desk();
  writeFileSync(own.folder, 'in the way');

  own.store.write('a', bytes);

  assert.equal(own.store.read('a'), undefined);
});

test('what one worker compiled is kept beside its runs, and another one runs it', async () => {
  using own = desk();
  const [tree, runs] = [join(own.folder, 'tree'), join(own.folder, 'data', 'runs')];
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'web.zy'), 'web {{ opts.id }}: test.nop\n');
  const apply = async () => {
    const worker = localWorker({ root: own.folder, runs, program: 'one', immutable: false });
    const request: RunRequest = {
      jid: newJid(),
      function: 'state.apply',
      args: { mods: ['web'] },
      test: false,
      dueAt: systemClock.monotonic() + 60_000,
      timeoutMs: 60_000,
      peel: 'web-01',
      facts: { id: 'web-01' },
      settings: {},
      tree: localTree(tree),
    };
    const { report } = await worker.run(request, { signal: new AbortController().signal, onOutcome: () => {} });
    return report?.outcomes.map(({ id, result }) => `${id} ${result}`);
  };

  const first = await apply();
  const kept = readdirSync(compiledFolder(runs));
  const second = await apply();

  assert.deepEqual([first, second, kept.length], [['web web-01 unchanged'], ['web web-01 unchanged'], 1]);
});
