import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveLine, liveText } from './live.ts';
import { resultOf } from './result.ts';
import { cutToWidth, widthOf } from './style.ts';
import { Tally } from './tally.ts';

test('a live line says how far the job is, and who keeps it', () => {
  const tally = new Tally();
  const add = (peel: string, success: boolean, result: 'changed' | 'unchanged') => {
    const outcomes = [{ id: 'a', state: 'test.nop', name: '', result, startedAt: 0, ms: 1 }];
    const report = { test: false, outcomes, counts: {}, ms: 1 };
    tally.add(resultOf({ v: 1, jid: 'J', peel, status: 'done', success, report, startedAt: 0, ms: 1 }));
  };
  const live = { tally, total: 400, elapsedMs: 12_345, slowest: { peel: 'db-07', progress: ' 3/40 file.managed a' } };

  assert.equal(liveText({ ...live, slowest: undefined }), '0/400 · 12s');
  add('web-01', true, 'changed');
  add('web-02', true, 'unchanged');
  add('web-03', false, 'unchanged');
  assert.equal(liveText(live), '3/400 · 1 changed · 1 failed · slowest db-07 (12s) 3/40 file.managed a');
});

test('a text is cut to columns, not to letters', () => {
  assert.equal(cutToWidth('slowest', 7), 'slowest');
  assert.equal(cutToWidth('slowest db-07', 8), 'slowest…');
  assert.equal(cutToWidth('状態が変わる', 6), '状態…');
  assert.equal(cutToWidth('👩‍👩‍👧 family', 5), '👩‍👩‍👧 f…');
  assert.ok(widthOf(cutToWidth('状態が変わる', 6)) <= 6);
  assert.equal(cutToWidth('x', 0), '');
});

test('a live line leaves no trace, at any width and whatever it says', () => {
  for (const columns of [80, 24, 10]) {
    const screen = terminal(columns);
    const live = createLiveLine(screen.write, () => screen.columns);

    for (const text of ['12/400 · slowest db-07', `${'状態'.repeat(40)} end`, 'x'.repeat(300), 'short']) {
      live.show(text);
      assert.equal(screen.lines().length, 1, text);
    }
    live.show();
    screen.write('answer\n');

    assert.deepEqual(screen.lines(), ['answer', '']);
  }
});

test('a window that becomes narrower while a line is shown is left clean', () => {
  const screen = terminal(80);
  const live = createLiveLine(screen.write, () => screen.columns);
  screen.write('before\n');
  live.show('x'.repeat(79));

  screen.resize(30);
  live.show('y'.repeat(79));
  assert.deepEqual(screen.lines(), ['before', `${'y'.repeat(28)}…`]);
  live.show();

  assert.deepEqual(screen.lines(), ['before', '']);
});

/** A terminal as far as a live line needs one: it wraps, moves its cursor up, erases below, and reflows. */
function terminal(width: number) {
  let columns = width;
  let rows: string[][] = [[]];
  let [row, column] = [0, 0];
  const put = (letter: string) => {
    const wide = widthOf(letter);
    if (column + wide > columns) [row, column] = [row + 1, 0];
    rows[row] ??= [];
    const line = rows[row] as string[];
    line[column] = letter;
    for (let more = 1; more < wide; more++) line[column + more] = '';
    column += wide;
  };
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return {
    get columns() {
      return columns;
    },
    write(text: string) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a command
      for (const part of text.split(/(\u001b\[\d*[AJ]|[\r\n])/)) {
        if (part === '\r') column = 0;
        else if (part === '\n') [row, column] = [row + 1, 0];
        else if (part.endsWith('A') && part.startsWith('\u001b')) row -= Number(part.slice(2, -1));
        else if (part === '\u001b[J') rows = [...rows.slice(0, row), (rows[row] ?? []).slice(0, column)];
        else for (const { segment } of letters.segment(part)) put(segment);
        rows[row] ??= [];
      }
    },
    /** As terminals do that break long lines anew: the last line is the one that is too long. */
    resize(narrower: number) {
      columns = narrower;
      const last = rows.pop() ?? [];
      for (let start = 0; start === 0 || start < last.length; start += columns)
        rows.push(last.slice(start, start + columns));
      row = rows.length - 1;
      column = (rows[row] as string[]).length;
    },
    lines: () => rows.map((each) => each.join('')),
  };
}
