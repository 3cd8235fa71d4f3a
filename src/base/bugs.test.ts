import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { repeat } from './repeat.ts';

const script = `
  import { watchForBugs } from ${JSON.stringify(`${import.meta.dirname}/bugs.ts`)};
  import { createLog } from ${JSON.stringify(`${import.meta.dirname}/log.ts`)};
  const bugs = watchForBugs(createLog({ write: (line) => process.stdout.write(line) }));
  Promise.reject(new Error('forgotten'));
  setTimeout(() => { throw new Error('in a timer'); }, 1);
  setTimeout(() => { process.stdout.write(bugs.count + ' bugs'); process.exit(0); }, 100);
`;

test('an error that nobody caught is logged and counted, and the process lives', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);

  assert.match(stdout, /Bug in Zester.*forgotten/);
  assert.match(stdout, /Bug in Zester.*in a timer/);
  assert.match(stdout, /2 bugs$/);
});

test('what is done again and again goes on when it fails', async () => {
  let rounds = 0;
  const errors: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  using _ = repeat(
    1,
    () => {
      rounds++;
      if (rounds === 3) resolve();
      if (rounds === 1) throw new Error('at once');
      return Promise.reject(new Error('later'));
    },
    (error) => errors.push(error),
  );

  await promise;

  assert.deepEqual(
    errors.slice(0, 2).map((error) => (error as Error).message),
    ['at once', 'later'],
  );
});
