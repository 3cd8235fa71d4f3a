import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepingLineEnds } from './line-ends.ts';

describe('an edit keeps the ends of lines', () => {
  const appended = (text: string) => `${text}new\n`;

  test('of a text with line feeds only', async () => {
    assert.equal(await keepingLineEnds('a\n', appended), 'a\nnew\n');
  });

  test('of a text that ends them as Windows does', async () => {
    assert.equal(await keepingLineEnds('a\r\nb\r\n', appended), 'a\r\nb\r\nnew\r\n');
  });

  test('of a text with both, line by line', async () => {
    const without = (text: string) => text.replace('b\n', '');

    assert.equal(await keepingLineEnds('a\r\nb\nc\nd\r\n', without), 'a\r\nc\nd\r\n');
    assert.equal(await keepingLineEnds('a\r\nb\nc', (text) => text.replace('b', 'x')), 'a\r\nx\r\nc');
  });

  test('and changes nothing of what it leaves alone', async () => {
    assert.equal(await keepingLineEnds('a\r\nb\n', (text) => text), 'a\r\nb\n');
  });
});
