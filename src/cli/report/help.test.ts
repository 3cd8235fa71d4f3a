import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letters } from '#target/syntax.ts';
import { groupOf, groups } from '../groups.ts';
import { defaultText } from '../page.ts';
import { allCommands } from '../registry.ts';
import { topics } from '../topics.ts';
import { showCommand, showGroup, showOverview } from './help.ts';
import { showPage } from './page.ts';
import { plainStyle } from './style.ts';

const commands = await allCommands();
const all = [
  showOverview(commands, topics, plainStyle),
  ...commands.map((each) => showCommand(each, plainStyle)),
  ...topics.map((each) => showPage(each, plainStyle)),
];

test('every command is in one group of the help', () => {
  for (const { name } of commands) assert.ok(groupOf(name), `"${name}" has no place in cli/groups.ts`);
  const words = groups.flatMap((each) => [...each.words]);
  assert.deepEqual([...new Set(words)], words);
});

test('help speaks of values as people write them, and keeps to its width', () => {
  for (const shown of all) {
    assert.doesNotMatch(shown, /\[object|undefined|\(\d{5,}\)/);
    for (const line of shown.split('\n')) {
      // What one types is not broken.
      if (!line.includes('zester ')) assert.ok(line.length <= 100, line);
    }
  }
});

test('defaults are written as one would give them', () => {
  const cases = [
    ['duration', 86_400_000, '24h'],
    ['size', 2e9, '2GB'],
    ['size', 65_536, '64KiB'],
    ['map', { dev: '/srv/dev' }, 'dev=/srv/dev'],
    ['map', {}, undefined],
    ['list', ['a', 'b'], 'a,b'],
    ['list', [], undefined],
    ['bool', false, undefined],
    ['int', 50, '50'],
  ] as const;
  for (const [type, value, wanted] of cases) assert.equal(defaultText({ type, default: value }), wanted);
});

test('the help on targets knows every kind there is', () => {
  const shown = showPage(topics.find(({ name }) => name === 'targets') ?? assert.fail(), plainStyle);
  for (const letter of Object.keys(letters)) assert.ok(shown.includes(`${letter}@`), letter);
});

test('one word of several commands shows them all', () => {
  const shown = showGroup(
    commands.filter(({ name }) => name.startsWith('job ')),
    plainStyle,
  );

  assert.match(shown, /^Jobs:\n {2}job active {2}Jobs that still run\n/);
});
