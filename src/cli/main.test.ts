import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main, type Terminal } from './main.ts';

const broken = (code: string) => Promise.resolve(Object.assign(new Error(`${code}: gone, write`), { code }));

/** Runs a command line. */
async function runLine(argv: readonly string[], more: Partial<Terminal> = {}) {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    environment: { ZESTER_CONFIG: '/dev/null' },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isTerminal: false,
    errIsTerminal: false,
    width: 80,
    ...more,
  };
  return { exit: await main(argv, terminal), out, err };
}

test('nobody waits for a command whose reader has left, or whose disk is full', async () => {
  const left = await runLine(['ping'], { broken: broken('EPIPE') });
  const full = await runLine(['ping'], { broken: broken('ENOSPC') });

  assert.deepEqual(left, { exit: 141, out: '', err: '' });
  assert.deepEqual(full, { exit: 1, out: '', err: '' });
});
