import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, listRows } from './listing.ts';
import { plainStyle, type Style } from './report/style.ts';
import { growingTable } from './report/table.ts';
import type { Session } from './session.ts';

interface Row {
  readonly id: string;
  readonly size: number;
}

const columns: readonly Column<Row>[] = [
  { name: 'id', whole: true, text: ({ id }) => id },
  { name: 'size', text: ({ size }) => `${size}MB`, order: ({ size }) => size },
  { name: 'half', extra: true, text: ({ size }) => String(size / 2) },
];
const rows: readonly Row[] = [
  { id: 'b', size: 9 },
  { id: 'a', size: 10 },
];

async function list(input: { readonly columns?: readonly string[]; readonly sort?: string }): Promise<string> {
  let out = '';
  const session = {
    style: plainStyle,
    write: (text: string) => {
      out += text;
    },
  } as Session;
  async function* pages() {
    for (const row of rows) yield [row];
  }
  await listRows(pages(), { columns, input, session });
  return out;
}

test('a list shows the columns that are asked for, in their order', async () => {
  assert.equal(await list({}), 'ID  SIZE\nb   9MB\na   10MB\n');
  assert.equal(await list({ columns: ['half', 'ID'] }), 'HALF  ID\n4.5   b\n5     a\n');
});

test('a list is sorted by what a column means, not by its text', async () => {
  assert.equal(await list({ sort: 'size' }), 'ID  SIZE\nb   9MB\na   10MB\n');
  assert.equal(await list({ sort: '-size' }), 'ID  SIZE\na   10MB\nb   9MB\n');
  assert.equal(await list({ sort: 'id', columns: ['size'] }), 'SIZE\n10MB\n9MB\n');
});

test('on a terminal the widest columns give until the line fits, and in a pipe nothing is cut', () => {
  const headings = [{ heading: 'ID', whole: true }, { heading: 'FUNCTION' }, { heading: 'TARGET' }];
  const row = ['2xYkQbZ1fGm5n8pR0sT3uVwXyZa', 'state.apply', 'G@os.family:debian and not db*'];
  const terminal: Style = { ...plainStyle, terminal: true, width: 60 };

  const [heading = '', fitted = ''] = growingTable(headings, terminal)([row]).split('\n');
  const piped = growingTable(headings, plainStyle)([row]);

  assert.equal(fitted, '2xYkQbZ1fGm5n8pR0sT3uVwXyZa  state.apply  G@os.family:debia…');
  assert.ok(heading.length <= 60 && fitted.length <= 60);
  assert.match(piped, /G@os\.family:debian and not db\*\n/);
  // Whole columns stay whole, whatever the width.
  assert.match(
    growingTable(headings, { ...terminal, width: 20 })([row]),
    /^2xYkQbZ1fGm5n8pR0sT3uVwXyZa {2}state.a… {2}G@os.…$/m,
  );
});
