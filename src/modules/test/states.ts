import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { Numeral } from '#base/numeral.ts';
import { isMap, lookup } from '#kit/data-lookup.ts';
import { type Details, state } from '#kit/state.ts';
import { StringList } from '#kit/types.ts';

const name = z.string().describe('Any text').meta({ primary: true });
const comment = z.string().optional().describe('What the outcome says');
const pretended = { testing: { from: 'Unchanged', to: 'Something pretended to change' } };

/** What Salt's test states all do when something they watch has changed. */
const fired = async (): Promise<Details> => ({ comment: 'Watch statement fired.' });

export const nop = state({
  name: 'test.nop',
  lends: true,
  summary: 'Do nothing, and succeed',
  args: z.object({ name, comment }),
  check: async () => ({}),
  apply: async () => undefined,
  refresh: fired,
  comment: (wanted) => wanted.comment ?? 'Success!',
  examples: [
    { title: 'Nothing', args: { name: 'nothing' }, expect: {} },
    { title: 'Nothing, with a comment', args: { name: 'nothing', comment: 'An anchor for requisites' }, expect: {} },
    {
      title: 'An argument it does not have',
      args: { name: 'nothing', coment: 'x' },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
  notes: ['In an .sls file it may have any argument: states that "use" it take them over.'],
});

export const pingState = state({
  name: 'test.ping',
  summary: 'Show that the peel runs states',
  args: z.object({}),
  check: async () => ({}),
  apply: async () => undefined,
  refresh: fired,
  comment: () => 'pong',
  examples: [
    { title: 'Are you there?', args: {}, expect: {} },
    { title: 'Another number of answers', args: { count: 4 }, expect: { refusal: 'ARGUMENT_UNKNOWN' } },
    { title: 'An argument it does not have', args: { result: true }, expect: { refusal: 'ARGUMENT_UNKNOWN' } },
  ],
});

export const succeedWithoutChanges = state({
  name: 'test.succeed_without_changes',
  saltOnly: [],
  summary: 'Succeed without changes',
  args: z.object({ name, comment }),
  check: async () => ({}),
  apply: async () => undefined,
  refresh: fired,
  comment: (wanted) => wanted.comment ?? 'Success!',
  examples: [
    { title: 'Success', args: { name: 'fine' }, expect: {} },
    { title: 'Success, with a comment', args: { name: 'fine', comment: 'As it should be' }, expect: {} },
    {
      title: 'An argument it does not have',
      args: { name: 'fine', result: true },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
});

export const succeedWithChanges = state({
  name: 'test.succeed_with_changes',
  saltOnly: [],
  summary: 'Succeed, with a change every time',
  args: z.object({ name, comment }),
  check: async () => pretended,
  apply: async () => undefined,
  refresh: fired,
  comment: (wanted) => wanted.comment ?? 'Success!',
  examples: [
    { title: 'A pretended change', args: { name: 'fine' }, expect: pretended, again: 'changes' },
    { title: 'With a comment', args: { name: 'fine', comment: 'Twice' }, expect: pretended, again: 'changes' },
    {
      title: 'An argument it does not have',
      args: { name: 'fine', result: true },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
});

export const failWithoutChanges = state({
  name: 'test.fail_without_changes',
  saltOnly: [],
  summary: 'Fail without changes, in a plan too',
  args: z.object({ name, comment }),
  check: async (wanted): Promise<Record<string, never>> => {
    throw failure(wanted.name, wanted.comment ?? 'Failure!');
  },
  apply: async () => undefined,
  refresh: fired,
  examples: [
    { title: 'Failure', args: { name: 'broken' }, expect: { refusal: 'TEST_FAILED' } },
    {
      title: 'Failure, with a reason',
      args: { name: 'broken', comment: 'Not today' },
      expect: { refusal: 'TEST_FAILED' },
    },
    {
      title: 'An argument it does not have',
      args: { name: 'x', result: true },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
});

export const failWithChanges = state({
  name: 'test.fail_with_changes',
  saltOnly: [],
  summary: 'Plan a change, and fail when it is made',
  args: z.object({ name, comment }),
  check: async () => pretended,
  async apply(_changes, wanted) {
    throw failure(wanted.name, wanted.comment ?? 'Failure!');
  },
  // In a plan it would change something, as in Salt: what else waits for it is what people want to see.
  suppose: async () => undefined,
  refresh: fired,
  examples: [
    { title: 'A change that fails', args: { name: 'broken' }, expect: { refusal: 'TEST_FAILED' } },
    { title: 'With a reason', args: { name: 'broken', comment: 'Not today' }, expect: { refusal: 'TEST_FAILED' } },
    {
      title: 'An argument it does not have',
      args: { name: 'x', result: true },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
});

const chance = z
  .union([z.boolean(), z.string()])
  .default(true)
  .transform((written, context) => {
    if (typeof written === 'boolean') return () => written;
    if (written.toLowerCase() === 'random') return () => Math.random() < 0.5;
    context.addIssue({ code: 'custom', message: 'must be true, false or "Random"' });
    return z.NEVER;
  });

export const configurable = state({
  name: 'test.configurable_test_state',
  summary: 'Succeed or fail, with or without changes, as its arguments say',
  args: z.object({
    name,
    changes: chance.describe('Whether there is a change: true, false or "Random"'),
    result: chance.describe('Whether it succeeds: true, false or "Random"'),
    comment: z.string().default('').describe('What the outcome says'),
    warnings: StringList.optional().describe('For Salt: added to the comment'),
    allow_test_mode_failure: z
      .boolean()
      .default(false)
      .describe('Fail in a plan too, when there is no success to come'),
  }),
  async check(wanted) {
    const [changes, succeeds] = [wanted.changes(), wanted.result()];
    // Without a change nothing is applied: the failure is then a matter of the check.
    if (!succeeds && (!changes || wanted.allow_test_mode_failure)) throw failure(wanted.name, wanted.comment);
    return changes ? { testing: { ...pretended.testing, ...(succeeds ? {} : { to: 'A pretended failure' }) } } : {};
  },
  async apply(changes, wanted) {
    if (changes.testing?.to === 'A pretended failure') throw failure(wanted.name, wanted.comment);
  },
  suppose: async () => undefined,
  async refresh(wanted) {
    if (!wanted.result()) throw failure(wanted.name, wanted.comment);
    return fired();
  },
  comment: ({ comment: said, warnings = [] }) => [said, ...warnings].filter(Boolean).join('; ') || undefined,
  examples: [
    { title: 'Success with a change', args: { name: 'x' }, expect: pretended, again: 'changes' },
    { title: 'Success without a change', args: { name: 'x', changes: false }, expect: {} },
    {
      title: 'Failure without a change',
      args: { name: 'x', changes: false, result: false },
      expect: { refusal: 'TEST_FAILED' },
    },
    { title: 'Failure with a change', args: { name: 'x', result: false }, expect: { refusal: 'TEST_FAILED' } },
  ],
});

export const showNotification = state({
  name: 'test.show_notification',
  saltOnly: [],
  summary: 'Say something in the report',
  args: z.object({ name, text: z.string().min(1).describe('What to say') }),
  check: async () => ({}),
  apply: async () => undefined,
  refresh: fired,
  comment: ({ text }) => text,
  examples: [
    { title: 'A note', args: { name: 'note', text: 'The database is not managed here' }, expect: {} },
    { title: 'A longer note', args: { name: 'note', text: 'One line\nand another' }, expect: {} },
    { title: 'Nothing to say', args: { name: 'note' }, expect: { refusal: 'ARGUMENT_MISSING' } },
  ],
});

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  present: (value) => value !== undefined && value !== null && value !== '',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value) || (value instanceof Numeral && !value.isFloat),
  string: (value) => typeof value === 'string',
  listing: (value) => Array.isArray(value),
  dictionary: (value) => isMap(value) || value instanceof Map,
};

export const checkSettings = state({
  name: 'test.check_pillar',
  summary: 'Fail unless settings are there, and of the right kind',
  args: z.object({
    name,
    present: StringList.optional().describe('Settings that must be there, such as "app:port"'),
    boolean: StringList.optional().describe('Settings that must be true or false'),
    integer: StringList.optional().describe('Settings that must be whole numbers'),
    string: StringList.optional().describe('Settings that must be texts'),
    listing: StringList.optional().describe('Settings that must be lists'),
    dictionary: StringList.optional().describe('Settings that must be maps'),
    verbose: z.boolean().default(false).describe('For Salt: means nothing'),
  }),
  async check(wanted, { settings }): Promise<Record<string, never>> {
    const wrong = Object.entries(kinds).flatMap(([kind, holds]) => {
      const keys = wanted[kind as 'present'] ?? [];
      return keys.filter((key) => !holds(lookup(settings, key))).map((key) => `"${key}" (${kind})`);
    });
    if (wrong.length === 0) return {};
    throw failure(wanted.name, `these settings are not as they must be: ${wrong.join(', ')}`);
  },
  apply: async () => undefined,
  refresh: fired,
  examples: [
    {
      title: 'A setting of the right kind',
      args: { name: 'check', integer: ['app:port'] },
      given: { settings: { app: { port: 80 } } },
      expect: {},
    },
    {
      title: 'A setting that is missing',
      args: { name: 'check', present: ['app:port'] },
      expect: { refusal: 'TEST_FAILED' },
    },
    {
      title: 'A setting of another kind',
      args: { name: 'check', integer: ['app:port'] },
      given: { settings: { app: { port: '80' } } },
      expect: { refusal: 'TEST_FAILED' },
    },
  ],
});

function failure(name: string, reason: string): ZesterError {
  return new ZesterError('machine', 'TEST_FAILED', `Cannot pass "${name}": ${reason || 'it is told to fail'}`);
}
