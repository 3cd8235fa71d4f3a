import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ZesterError } from '#base/errors.ts';
import { fact } from '#kit/fact.ts';
import { fakeMachine } from '#machine/fake.ts';
import { realMachine } from '#machine/real.ts';
import { collectFacts } from './collect.ts';
import { saltGrains } from './grains.ts';
import { facts } from './registry.ts';

describe('every collector', () => {
  test('has its place in the sorted registry, and a page', () => {
    const names = facts.map(({ name }) => name);

    assert.deepEqual(names, [...new Set(names)].toSorted());
    for (const { name, summary, returns, examples } of facts) {
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      assert.ok(summary !== '' && returns !== '' && examples.length > 0, name);
    }
  });

  for (const { name, read, examples } of facts) {
    for (const { title, given, expect } of examples) {
      test(`${name}: ${title}`, async () => {
        const machine = fakeMachine(given);
        const before = machine.snapshot();

        assert.deepEqual(await read(machine), expect);
        assert.deepEqual(machine.snapshot(), before);
        assert.deepEqual(machine.calls, []);
      });
    }
  }
});

describe('collecting', () => {
  test('facts that share a key are merged, and kinds are kept apart', async () => {
    const machine = fakeMachine();

    const identity = (await collectFacts(machine, ['identity'])).facts;
    const volatile = (await collectFacts(machine, ['volatile'])).facts;
    const all = (await collectFacts(machine)).facts;

    assert.deepEqual(Object.keys(identity).toSorted(), ['cpu', 'hardware', 'memory', 'network', 'os', 'selinux']);
    assert.deepEqual(Object.keys(volatile).toSorted(), ['disk', 'load', 'memory', 'os']);
    assert.deepEqual(all.memory, { ...(identity.memory as object), ...(volatile.memory as object) });
  });

  test('an administrator’s facts take the place of built-in ones', async () => {
    const machine = fakeMachine({ files: { '/etc/zester/facts': 'os: mine\nrole: web\n' } });

    const { facts: found } = await collectFacts(machine);

    assert.equal(found.os, 'mine');
    assert.equal(saltGrains(found).os, 'mine');
    assert.equal(saltGrains(found).role, 'web');
  });

  test('a collector that fails leaves a note, and the others’ facts', async () => {
    const machine = fakeMachine({ files: { '/etc/zester/facts': 'roles: [web\nx: 1\n' } });

    const { facts: found, notes } = await collectFacts(machine);

    assert.equal(typeof found.os, 'object');
    assert.deepEqual(
      notes.map(({ fact: name, error }) => [name, error.code, error.at?.line]),
      [['custom', 'FACTS_INVALID', 2]],
    );
  });

  test('a bug in a collector is a note as well', async () => {
    const broken = fact({
      name: 'broken',
      summary: 'Never works',
      returns: 'Nothing',
      kind: 'identity',
      read: () => Promise.reject(new TypeError('x is undefined')),
      examples: [],
    });

    const { notes } = await collectFacts(fakeMachine(), ['identity'], [broken]);

    assert.ok(notes[0]?.error instanceof ZesterError);
    assert.equal(notes[0].error.family, 'bug');
  });

  test('a list in the file of facts is refused', async () => {
    const { notes } = await collectFacts(fakeMachine({ files: { '/etc/zester/facts': '- a\n- b\n' } }));

    assert.match(notes[0]?.error.message ?? '', /Cannot read the facts in "\/etc\/zester\/facts": it is not a mapping/);
  });

  test('this very machine has them all', async () => {
    const { facts: found, notes } = await collectFacts(realMachine());

    assert.deepEqual(notes, []);
    const grains = saltGrains(found);
    assert.ok(Number(grains.num_cpus) > 0 && Number(grains.mem_total) > 0);
    assert.equal(grains.kernel, 'Linux');
    assert.notEqual(grains.host, '');
  });
});
