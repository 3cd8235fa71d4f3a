import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { build } from '#base/version.ts';
import { moduleFunction } from '#kit/function.ts';
import { Duration } from '#kit/types.ts';

export const ping = moduleFunction({
  name: 'test.ping',
  summary: 'Answer, to show that the peel is there',
  args: z.object({}),
  returns: 'True',
  changes: false,
  run: async () => true,
  examples: [{ title: 'Are you there?', args: {}, expect: true }],
});

export const echo = moduleFunction({
  name: 'test.echo',
  summary: 'Return the text it is given',
  args: z.object({
    text: z
      .string()
      .describe('The text')
      .meta({ primary: true, aliases: ['name'] }),
  }),
  returns: 'The text',
  changes: false,
  run: async ({ text }) => text,
  examples: [{ title: 'An echo', args: { text: 'hello' }, expect: 'hello' }],
});

export const version = moduleFunction({
  name: 'test.version',
  summary: 'Version of the peel',
  args: z.object({}),
  returns: 'The version, such as `1.4.0`',
  changes: false,
  run: async () => build.version,
  examples: [{ title: 'The version', args: {}, expect: build.version }],
});

export const yes = moduleFunction({
  name: 'test.true',
  summary: 'Return true',
  args: z.object({}),
  returns: 'True',
  changes: false,
  run: async () => true,
  examples: [{ title: 'True', args: {}, expect: true }],
});

export const no = moduleFunction({
  name: 'test.false',
  summary: 'Return false',
  args: z.object({}),
  returns: 'False; the call succeeds',
  changes: false,
  run: async () => false,
  examples: [{ title: 'False', args: {}, expect: false }],
});

export const sleep = moduleFunction({
  name: 'test.sleep',
  summary: 'Wait, then return true',
  args: z.object({
    length: Duration.describe('How long: seconds, or "1m30s"').meta({ primary: true, aliases: ['name'] }),
  }),
  returns: 'True; it ends early when the job is over',
  // It takes its turn among the jobs that do something: a long wait must not hold up quick answers.
  changes: true,
  async run({ length }, { signal }) {
    await delay(length, signal);
    if (!signal.aborted) return true;
    throw new ZesterError('machine', 'SLEEP_ABORTED', 'Cannot sleep to the end: the job is over');
  },
  examples: [
    { title: 'No time at all', args: { length: 0 }, expect: true },
    { title: 'Not a span of time', args: { length: 'long' }, expect: { refusal: 'ARGUMENT_INVALID' } },
  ],
});

export const fail = moduleFunction({
  name: 'test.fail',
  summary: 'Fail, to show what a failure looks like',
  args: z.object({
    message: z
      .string()
      .default('it is told to fail')
      .describe('The reason it gives')
      .meta({ primary: true, aliases: ['name'] }),
  }),
  returns: 'Never; it always fails',
  changes: false,
  async run({ message }): Promise<never> {
    throw new ZesterError('machine', 'TEST_FAILED', `Cannot pass "test.fail": ${message}`);
  },
  examples: [{ title: 'A failure', args: { message: 'as planned' }, expect: { refusal: 'TEST_FAILED' } }],
});

export const arg = moduleFunction({
  name: 'test.kwarg',
  summary: 'Return the arguments as they arrive, to see how a command line is read',
  args: z.looseObject({}),
  returns: 'Map of the arguments',
  changes: false,
  run: async (args) => args,
  examples: [{ title: 'Two arguments', args: { a: 1, b: ['x'] }, expect: { a: 1, b: ['x'] } }],
});
