import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainStyle } from './report/style.ts';
import { createSession, type SessionOptions } from './session.ts';

/** A session, and what it wrote to standard error and standard output, in turn. */
function written(more: Partial<SessionOptions>) {
  const texts: string[] = [];
  const session = createSession({
    format: 'text',
    style: plainStyle,
    quiet: false,
    test: false,
    timeoutMs: undefined,
    terminal: true,
    flags: new Map(),
    environment: { TERM: 'xterm' },
    out: (text) => void texts.push(`out ${text}`),
    err: (text) => void texts.push(`err ${text}`),
    ...more,
  });
  return { session, texts };
}

test('a live line is cut to the terminal, and gone before anything else is written', () => {
  const { session, texts } = written({ columns: () => 12 });

  session.progress('312/400 · 9 changed');
  session.write('web-01:\n');
  session.note('done');

  assert.deepEqual(texts, ['err \r\u001b[J312/400 · …', 'err \r\u001b[J', 'out web-01:\n', 'err done\n']);
});

test('nobody who cannot take a line back, or reads no text, is shown one', () => {
  const cases: readonly Partial<SessionOptions>[] = [
    { terminal: false },
    { quiet: true },
    { format: 'json' },
    { environment: { TERM: 'dumb' } },
  ];
  for (const more of cases) {
    const { session, texts } = written(more);

    session.progress('312/400');
    session.progress();

    assert.deepEqual(texts, [], JSON.stringify(more));
  }
});
