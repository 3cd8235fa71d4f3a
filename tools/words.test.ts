import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellWord } from './words.ts';

test('a shell reads a word back as it was', () => {
  for (const word of ['plain', '/a b/c', "it's", '$HOME', '*', '', 'a"b', '--flag=x y', '~']) {
    assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' }), word);
  }
});
