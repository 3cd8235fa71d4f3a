import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCommits } from './commits.ts';

const messages = (subject: string, body = 'Because.') =>
  checkCommits([{ hash: '0123456789abcdef', subject, body }]).map(({ message }) => message);

test('a commit that says what holds and why is fine', () => {
  assert.deepEqual(messages('engine: Order steps by their requisites before their names'), []);
  assert.deepEqual(messages('cli: "last" is a job'), []);
});

test('every rule can be broken', () => {
  const cases: readonly (readonly [subject: string, body: string, message: RegExp])[] = [
    ['wip', 'Because.', /is called "wip"/],
    ['Engine: Order steps', 'Because.', /is called/],
    ['engine: order steps', 'Because.', /is called/],
    ['engine: Order steps.', 'Because.', /full stop/],
    [`engine: Order ${'x'.repeat(120)}`, 'Because.', /has a subject of/],
    ['engine: Order steps', ' \n', /does not say why/],
  ];

  for (const [subject, body, message] of cases) assert.match(messages(subject, body).join('\n'), message);
});
