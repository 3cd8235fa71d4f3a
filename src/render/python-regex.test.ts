import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { escapePattern, fullMatch, matchStart, replaceAll, search } from './python-regex.ts';

describe('Python regular expressions', () => {
  const matches: readonly [pattern: string, text: string, found: string | undefined][] = [
    ['(?P<year>\\d{4})-(?P=year)', 'x 2024-2024', '2024-2024'],
    ['\\Aab\\Z', 'ab', 'ab'],
    ['\\Aab\\Z', 'ab\n', undefined],
    ['ab$', 'ab\n', 'ab'],
    ['^b', 'a\nb', undefined],
    ['(?i)AB', 'xaby', 'ab'],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['a.b', 'a\nb', undefined],
    ['(?x) a  b # both', 'ab', 'ab'],
    ['[]x]+', 'a]x', ']x'],
    ['[^]]+', ']ab]', 'ab'],
    ['[\\w.-]+', 'é-1.b!', 'é-1.b'],
    ['a{,2}', 'aaa', 'aa'],
    ['x{y', 'x{y', 'x{y'],
    ['a\\/b', 'a/b', 'a/b'],
    ['(?:a|b)(?=c)', 'ac', 'a'],
    ['(?<!x)y', 'xy', undefined],
    ['\\x41\\101', 'AA', 'AA'],
  ];

  for (const [pattern, text, found] of matches) {
    test(`${pattern} in ${JSON.stringify(text)}`, () => {
      assert.equal(search(pattern, text)?.text, found);
    });
  }

  test('a match begins where the text begins, a full match ends where it ends', () => {
    assert.deepEqual(
      [matchStart('b', 'ab'), matchStart('a', 'ab')?.end, fullMatch('a', 'ab')],
      [undefined, 1, undefined],
    );
  });

  test('a replacement names groups by number and by name', () => {
    assert.equal(replaceAll('(?P<k>\\w)=(\\w)', '\\2:\\g<k>\\n', 'a=b'), 'b:a\n');
  });

  test('an escaped text matches itself', () => {
    const text = 'a.b*[c] (d) \\e-f#';

    assert.equal(fullMatch(escapePattern(text), text)?.text, text);
  });

  for (const pattern of ['(', '[', 'a**', '(?P<x>a)(?P<x>b)', '\\q', '(?P=none)']) {
    test(`${pattern} is refused`, () => {
      assert.throws(
        () => search(pattern, 'a'),
        (error) => isError(error, 'TEMPLATE_VALUE'),
      );
    });
  }

  test('a pattern that could take for ever is refused on a long text', () => {
    assert.throws(
      () => search('(a+)+b', 'a'.repeat(5_000)),
      (error) => isError(error, 'TEMPLATE_VALUE'),
    );
  });
});
