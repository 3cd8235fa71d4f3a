import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { asError } from '#base/errors.ts';
import { toWire } from '#base/ids.ts';
import { FactIndex, match, parse } from '#target/index.ts';

type Tree = Readonly<Record<string, unknown>>;
type Peels = Readonly<Record<string, { readonly facts: Tree; readonly grains?: Tree }>>;

const read = (name: string): unknown => parseYaml(readFileSync(join(import.meta.dirname, name), 'utf8'));
const peels = read('peels.yaml') as Peels;
const groups = read('groups.yaml') as Readonly<Record<string, string | readonly string[]>>;
const short: Readonly<Record<string, string>> = {
  w1: 'web-01.example.com',
  w2: 'web-02.example.com',
  d1: 'db-01',
  D2: 'DB-02',
};

const index = new FactIndex();
for (const [id, record] of Object.entries(peels)) index.set(toWire(id), record);

for (const [subject, cases] of Object.entries(read('native.yaml') as Record<string, Record<string, string | null>>)) {
  for (const [expression, wanted] of Object.entries(cases)) {
    test(`target ${subject}: ${expression}`, () => {
      if (wanted === null) return void assert.throws(() => parse(expression, { groups }));
      const target = parse(expression, { groups });

      const matched = Object.entries(peels).filter(([id, record]) => match(target, { id, ...record }));
      const resolved = index.resolve(target).map((peel) => peel.replaceAll('_', '.'));

      const names = wanted.split(' ').filter(Boolean);
      const expected = names.map((each) => short[each]);
      assert.deepEqual(matched.map(([id]) => id).sort(), [...expected].sort(), 'one by one');
      assert.deepEqual(resolved.sort(), [...expected].sort(), 'by the index');
    });
  }
}

for (const [expression, expected] of Object.entries(read('errors.yaml') as Record<string, [string, number, string]>)) {
  const [code, column, word] = expected;
  test(`target error: ${expression}`, () => {
    let thrown: unknown;
    try {
      index.resolve(parse(expression, { groups }));
    } catch (error) {
      thrown = error;
    }

    const error = asError(thrown);
    assert.equal(error.code, code);
    if (column > 0) assert.equal(error.at?.column, column);
    assert.ok(`${error.message} ${error.hint}`.includes(word), `${error.message} | ${error.hint}`);
    if (column > 0) assert.equal(error.details?.excerpt, `${expression}\n${' '.repeat(column - 1)}^`);
  });
}
