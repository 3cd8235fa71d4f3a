import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectOutput } from './output.ts';

const bytes = (text: string) => Buffer.from(text);

test('an output within the limit is as it came, in whatever pieces', () => {
  const output = collectOutput({ bytes: 9 });

  for (const piece of ['ab', '', 'cdefg', 'hi']) output.add(bytes(piece));

  assert.equal(output.text(), 'abcdefghi');
});

test('of a longer one the beginning and the end are kept, and the bytes between are counted', () => {
  const output = collectOutput({ bytes: 6 });

  for (const piece of ['abcde', 'fghijklmnop', 'q', 'rs', 't']) output.add(bytes(piece));

  assert.equal(output.text(), 'abc\n[14 of 20 bytes are left out here]\nrst');
});

test('no letter is torn at the cut', () => {
  const output = collectOutput({ bytes: 8 });

  output.add(bytes('aäöü€€€€€'));

  assert.equal(output.text(), 'aä\n[16 of 22 bytes are left out here]\n€');
});

test('the whole is written to the spill, the part before it was opened too', () => {
  const written: Buffer[] = [];
  let opened = 0;
  const spill = () => {
    opened++;
    return { write: (each: Uint8Array) => void written.push(Buffer.from(each)), finish: () => 'the whole: there' };
  };
  const output = collectOutput({ bytes: 4, spill });

  for (const piece of ['ab', 'c', 'd', 'efgh', 'i']) output.add(bytes(piece));

  assert.equal(Buffer.concat(written).toString(), 'abcdefghi');
  assert.equal(opened, 1);
  assert.equal(output.text(), 'ab\n[5 of 9 bytes are left out here; the whole: there]\nhi');
});

test('what comes in very small pieces costs no more than it holds', () => {
  const output = collectOutput({ bytes: 1_000 });
  const before = process.memoryUsage().arrayBuffers;

  for (let each = 0; each < 200_000; each++) output.add(bytes('x'));

  assert.match(output.text(), /\[199000 of 200000 bytes/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64_000_000);
});
