import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { arrange, checkExample, contextOn } from '#kit/check-example.ts';
import { realMachine } from '#machine/real.ts';
import { registry } from './registry.ts';

// A folder stands for the machine: its files, users and groups are real, but a command would run outside of it.
const states = [...registry.states.values()].filter(({ name }) => !name.startsWith('cmd.'));
const isRoot = process.getuid?.() === 0;

for (const state of states) {
  const examples = state.examples.filter(({ real }) => real);
  if (examples.length === 0) continue;
  describe(`state ${state.name} on real files`, () => {
    for (const example of examples) {
      test(example.title, { skip: isRoot ? false : 'only root may give files away' }, async () => {
        await using folder = await emptyMachine();
        const machine = realMachine({ root: folder.path });
        await arrange(machine, example.given);

        await checkExample(state, example, { context: contextOn(machine, { given: example.given ?? {}, registry }) });
      });
    }
  });
}

test('examples for real machines are there for files, users and groups', () => {
  const subjects = states
    .filter(({ examples }) => examples.some(({ real }) => real))
    .map(({ name }) => name.split('.')[0]);

  assert.deepEqual([...new Set(subjects)], ['file', 'group', 'user']);
});

/** A folder with what every machine has. */
async function emptyMachine() {
  const path = await fs.mkdtemp(`${tmpdir()}/zester-examples-`);
  for (const each of ['etc', 'home', 'srv', 'tmp', 'usr/lib']) await fs.mkdir(`${path}/${each}`, { recursive: true });
  await fs.writeFile(`${path}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\n');
  await fs.writeFile(`${path}/etc/group`, 'root:x:0:\n');
  await fs.writeFile(`${path}/etc/shadow`, 'root:*:19000:0:99999:7:::\n', { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => fs.rm(path, { recursive: true }) };
}
