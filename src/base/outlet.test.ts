import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutlet, isClosed, type OutletStream } from './outlet.ts';

/** A stream whose reader takes parts when the test says so. */
function held() {
  const waiting: { readonly part: string | Uint8Array; readonly done: (error?: Error | null) => void }[] = [];
  const taken: string[] = [];
  const stream: OutletStream = {
    write: (part, done) => void waiting.push({ part, done }),
    on: () => undefined,
  };
  return {
    outlet: (options = {}) => createOutlet(() => stream, options),
    taken,
    take(error?: Error) {
      const { part, done } = waiting.shift() ?? assert.fail('nothing was written');
      if (error === undefined) taken.push(String(part));
      done(error);
    },
    left: () => waiting.length,
  };
}

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

test('an outlet is drained when the last part is taken, not when it is handed over', async () => {
  const reader = held();
  const outlet = reader.outlet();
  void outlet.write('a');
  void outlet.write('b');
  let isDrained = false;
  const drained = outlet.drained().then(() => {
    isDrained = true;
  });

  reader.take();
  await Promise.resolve();
  assert.equal(isDrained, false);
  reader.take();
  await drained;

  assert.deepEqual(reader.taken, ['a', 'b']);
});

test('nothing follows what could not be written, and nobody waits for it', async () => {
  const reader = held();
  const outlet = reader.outlet();
  void outlet.write('a');
  reader.take(full);

  await outlet.write('b');
  await outlet.drained();

  assert.equal(reader.left(), 0);
  assert.equal((await outlet.broken).code, 'ENOSPC');
  assert.equal(isClosed(outlet.failure as NodeJS.ErrnoException), false);
});

test('a log goes on after a line that was lost', async () => {
  const reader = held();
  const outlet = reader.outlet({ goesOn: true });
  void outlet.write('a');
  reader.take(full);

  const written = outlet.write('b');
  reader.take();
  await written;

  assert.deepEqual(reader.taken, ['b']);
});
