import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unifiedDiff } from './diff.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`);

describe('a unified diff', () => {
  test('of equal texts is empty', () => assert.equal(unifiedDiff('a\n', 'a\n'), ''));

  test('shows what is removed before what is added, with its surroundings', () => {
    const [from, to] = [numbers(1, 9), numbers(1, 9)];
    to[4] = 'five\n';

    assert.equal(
      unifiedDiff(from.join(''), to.join(''), { name: '/etc/n' }),
      ['--- /etc/n', '+++ /etc/n', '@@ -2,7 +2,7 @@', ' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8'].join('\n'),
    );
  });

  test('of a new text counts from nothing', () => {
    assert.match(unifiedDiff('', 'a\nb\n'), /@@ -0,0 \+1,2 @@\n\+a\n\+b$/);
  });

  test('tells a last line without a line break', () => {
    assert.match(unifiedDiff('a', 'a\n'), /-a\n\\ No newline at end of file\n\+a$/);
  });

  test('has a hunk for each place, and joins near ones', () => {
    const from = numbers(1, 40);
    const far = from.with(1, 'x\n').with(30, 'y\n');
    const near = from.with(10, 'x\n').with(14, 'y\n');

    assert.equal(unifiedDiff(from.join(''), far.join('')).match(/^@@/gm)?.length, 2);
    assert.equal(unifiedDiff(from.join(''), near.join('')).match(/^@@/gm)?.length, 1);
  });

  test('of very different texts is cut, and says how much is left out', () => {
    const diff = unifiedDiff(numbers(1, 4000).join(''), numbers(5000, 9000).join(''), { maxLines: 10 });

    assert.equal(diff.split('\n').length, 13);
    assert.match(diff, /… 7992 more lines$/);
  });

  test('turns the one text into the other, for any two texts', () => {
    const random = generator(7);
    for (let round = 0; round < 300; round++) {
      const [from, to] = [randomText(random), randomText(random)];

      assert.equal(patched(from, unifiedDiff(from, to, { context: 1 })), to, JSON.stringify([from, to]));
    }
  });
});

/** Applies a diff, as `patch` would. */
function patched(from: string, diff: string): string {
  const lines = from.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const result: string[] = [];
  let at = 0;
  for (const [line, next] of diff
    .split('\n')
    .slice(2)
    .map((each, index, all) => [each, all[index + 1]])) {
    const start = /^@@ -(\d+)(?:,(\d+))?/.exec(line ?? '');
    const end = next?.startsWith('\\') ? '' : '\n';
    if (start !== null) {
      const first = Number(start[1]) - (start[2] === '0' ? 0 : 1);
      result.push(...lines.slice(at, first));
      at = first;
    } else if (line?.startsWith('+')) result.push(line.slice(1) + end);
    else if (line?.startsWith('-')) at++;
    else if (line?.startsWith(' ')) result.push(lines[at++] ?? '');
  }
  return [...result, ...lines.slice(at)].join('');
}

function randomText(random: () => number): string {
  const lines = Array.from({ length: Math.floor(random() * 12) }, () => 'abc'[Math.floor(random() * 3)]);
  return lines.join('\n') + (random() < 0.5 && lines.length > 0 ? '\n' : '');
}

/** A small generator with a seed: the same texts each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
