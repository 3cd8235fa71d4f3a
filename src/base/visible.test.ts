import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';
import { jsonText, visible, visibleLine } from './visible.ts';

const nasty = '\u001b]0;x\u0007 \u202egpj\u202c \u009b2J \u200b \u2028 \u007f \u{e0041} \ud800 \r';

test('what is not seen is written out, lines stay where there may be some', () => {
  assert.equal(visible(nasty), '\\x1b]0;x\\x07 \\u202egpj\\u202c \\x9b2J \\u200b \\u2028 \\x7f \\u{e0041} \\ud800 \\r');
  assert.equal(visible('a\r\nb\tc'), 'a\nb\tc');
  assert.equal(visibleLine('a\r\nb\tc'), 'a\\r\\nb\\tc');
  assert.equal(visibleLine('héllo 世界 🎉 עברית'), 'héllo 世界 🎉 עברית');
});

test('JSON says the same in other letters', () => {
  const text = jsonText({ [nasty]: [nasty] }, 2);

  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{C}\p{Zl}\p{Zp}]/u);
  assert.deepEqual(JSON.parse(text), { [nasty]: [nasty] });
  assert.equal(jsonText(undefined), 'null');
});

test('a log shows what strangers say, in both forms', () => {
  for (const format of ['text', 'json'] as const) {
    const lines: string[] = [];
    createLog({ format, write: (line) => lines.push(line) }).warn('Refused', {
      hostname: nasty,
      error: new Error(nasty),
    });

    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join('').trimEnd(), /[\p{C}\p{Zl}\p{Zp}]/u, format);
  }
});
