import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { decodeArguments, rawArguments } from '#kit/arguments.ts';
import type { Change } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { isMap } from '#kit/data-lookup.ts';
import { functionUnknown } from '#kit/function.ts';
import { type Details, state } from '#kit/state.ts';

const args = z
  .object({
    name: z
      .string()
      .optional()
      .describe('The function, when no other key names one; all other keys are then its arguments')
      .meta({ primary: true }),
  })
  .catchall(z.unknown().describe('A function such as "service.restart", with its arguments'));

export const run = state({
  name: 'module.run',
  summary: 'Call functions',
  args,
  async check(wanted, { registry }) {
    const calls = callsOf(wanted);
    for (const { name, named, positional } of calls) {
      const called = registry.functions.get(name);
      if (called === undefined) throw functionUnknown(name, registry);
      decodeArguments(name, called.args, rawArguments(called.args, named, positional));
    }
    return Object.fromEntries(
      calls.map(({ name }): [string, Change<string>] => [name, { from: undefined, to: 'called' }]),
    );
  },
  apply: (_changes, wanted, context) => callAll(wanted, context),
  // A function that only reads leaves nothing, and may take its time.
  suppose: (_changes, wanted, context) =>
    callEach(
      callsOf(wanted).filter(({ name }) => context.registry.functions.get(name)?.changes),
      context,
    ),
  refresh: callAll,
  examples: [
    {
      title: 'A function and its arguments',
      args: { name: 'reload', 'service.reload': [{ name: 'nginx' }] },
      given: { services: { nginx: { running: true } } },
      expect: { 'service.reload': { to: 'called' } },
      again: 'changes',
    },
    {
      title: 'Two functions, one after the other',
      args: { name: 'both', 'test.ping': [], 'test.echo': ['hello'] },
      expect: { 'test.ping': { to: 'called' }, 'test.echo': { to: 'called' } },
      again: 'changes',
    },
    {
      title: 'The older way of writing it',
      args: { name: 'service.reload', m_name: 'nginx' },
      given: { services: { nginx: { running: true } } },
      expect: { 'service.reload': { to: 'called' } },
      again: 'changes',
    },
    { title: 'A function that says no', args: { name: 'no', 'test.false': [] }, expect: { refusal: 'FUNCTION_FALSE' } },
    {
      title: 'An unknown function',
      args: { name: 'x', 'service.relaod': ['nginx'] },
      expect: { refusal: 'FUNCTION_UNKNOWN' },
    },
    {
      title: 'A wrong argument',
      args: { name: 'x', 'service.reload': [{ unit: 'x' }] },
      expect: { refusal: 'ARGUMENT_UNKNOWN' },
    },
  ],
  notes: ['A function that returns false, or an exit code other than 0, fails the state.'],
  differs: ['Unknown functions and wrong arguments are found by the plan.'],
});

export const wait = state({
  name: 'module.wait',
  summary: 'Call functions when something watched changes, and only then',
  args,
  check: async () => ({}),
  apply: async () => undefined,
  refresh: callAll,
  examples: [
    { title: 'Nothing watched has changed', args: { name: 'service.reload', m_name: 'nginx' }, expect: {} },
    { title: 'Two functions that wait', args: { name: 'both', 'test.ping': [], 'test.echo': ['x'] }, expect: {} },
    { title: 'A function that would fail does not run', args: { name: 'test.fail' }, expect: {} },
  ],
});

interface Call {
  readonly name: string;
  readonly named: Readonly<Record<string, unknown>>;
  readonly positional: readonly unknown[];
}

/** Keys with a dot name functions; without any, `name` does, and the other keys are its arguments. */
function callsOf({ name = '', ...rest }: z.output<typeof args>): readonly Call[] {
  const dotted = Object.keys(rest).filter((key) => key.includes('.'));
  if (dotted.length > 0) return dotted.map((key) => ({ name: key, ...written(rest[key]) }));
  const { args: positional = [], kwargs, ...others } = rest;
  const named = Object.fromEntries(Object.entries(others).map(([key, value]) => [key.replace(/^m_/, ''), value]));
  return [{ name, named: { ...named, ...written(kwargs).named }, positional: written(positional).positional }];
}

function written(value: unknown): Omit<Call, 'name'> {
  if (value === undefined || value === null) return { named: {}, positional: [] };
  if (!Array.isArray(value))
    return isMap(value) ? { named: value, positional: [] } : { named: {}, positional: [value] };
  return {
    named: Object.assign({}, ...value.filter(isMap)),
    positional: value.filter((each) => !isMap(each)),
  };
}

function callAll(wanted: z.output<typeof args>, context: Context): Promise<Details> {
  return callEach(callsOf(wanted), context);
}

async function callEach(calls: readonly Call[], context: Context): Promise<Details> {
  const details: Record<string, string> = {};
  for (const { name, named, positional } of calls) {
    const value = await context.call(name, named, positional);
    details[name] = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    if (!isGood(value)) {
      throw new ZesterError('machine', 'FUNCTION_FALSE', `Cannot call "${name}": it returns ${details[name]}`, {
        details,
      });
    }
  }
  return details;
}

/** What functions return to say that they failed without failing. */
function isGood(value: unknown): boolean {
  if (!isMap(value)) return value !== false;
  return (value.retcode ?? 0) === 0 && value.result !== false;
}
