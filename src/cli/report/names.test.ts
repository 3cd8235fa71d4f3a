import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldNames } from './names.ts';

const many = (amount: number, name: (at: number) => string) => Array.from({ length: amount }, (_, at) => name(at + 1));
const two = (at: number) => String(at).padStart(2, '0');

test('names that differ by a number are said as one', () => {
  const cases: readonly (readonly [names: readonly string[], said: string])[] = [
    [[], ''],
    [['web'], 'web'],
    [['web-01'], 'web-01'],
    [many(40, (at) => `web-${two(at)}`), 'web-[01-40]'],
    [['web-42', ...many(40, (at) => `web-${two(at)}`)], 'web-[01-40,42]'],
    [many(12, (at) => `web${at}`), 'web[1-12]'],
    [
      many(3, (at) => `web-${two(at)}.example.com`).concat('web-02.example.org'),
      'web-02.example.org, web-[01-03].example.com',
    ],
    [['ip-10-0-0-7.internal', 'ip-10-0-0-8.internal'], 'ip-10-0-0-[7-8].internal'],
    [['db-9', 'db-010', 'db-10'], 'db-[9-10,010]'],
    [['web-1a', 'web-2a', 'web-2b'], 'web-2b, web-[1-2]a'],
    [['c', 'a', 'b', 'a'], 'a, b, c'],
    [['host.7.example'], 'host.7.example'],
  ];
  for (const [names, said] of cases) assert.equal(foldNames(names), said);
});

test('of very many different names some are said, and how many more there are', () => {
  assert.equal(foldNames(['a', 'b', ...many(3, (at) => `web-${at}`)], 2), 'a, b and 3 more');
});
