import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { requestOf, test, waiting } from './arguments.ts';
import { stateFunction } from './state-function.ts';

export const revert = stateFunction({
  name: 'state.revert',
  summary: 'Put back what a job changed on this machine, last change first',
  args: z.object({
    jid: z
      .string()
      .optional()
      .describe('Id of the job; the last run that changed anything when left out')
      .meta({ primary: true }),
    force: z.boolean().default(false).describe('Put back also what was changed again since, and lose that change'),
    test,
    ...waiting,
  }),
  returns: 'A report: what was put back, and what cannot be',
  changes: true,
  notes: [
    'What cannot be put back (a command that ran, a file too large to be kept) fails with its reason; the rest is put back all the same.',
    'What was changed again since that job is left alone and named, unless "force" is given.',
    'A revert is not taken back by another: apply the states again.',
  ],
  async run(args, context) {
    const kept = context.kept?.run(args.jid);
    if (kept) return { run: context.engine.revert(kept.entries, { ...requestOf(args, context), force: args.force }) };
    const what = args.jid === undefined ? 'the last run' : `job "${args.jid}"`;
    const others = context.kept?.runs().length ?? 0;
    throw new ZesterError('usage', 'RUN_UNKNOWN', `Cannot revert ${what}: nothing is kept of it on this machine`, {
      hint:
        others === 0
          ? 'No run that changed anything is kept here'
          : 'Only the last runs that changed something are kept: "state.runs" lists them',
    });
  },
});

export const runs = stateFunction({
  name: 'state.runs',
  summary: 'The last runs that changed this machine, newest first: those that state.revert can take back',
  args: z.object({}),
  returns: 'A list of `jid`, `function`, `at` (ISO 8601) and `changed`, the states that changed something',
  changes: false,
  async run(_args, { kept }) {
    const newestFirst = [...(kept?.runs() ?? [])].reverse();
    return {
      value: newestFirst.map(({ jid, function: called, at, entries }) => ({
        jid,
        function: called,
        at: new Date(at).toISOString(),
        changed: entries.map(({ id, state }) => `${state} ${id}`),
      })),
    };
  },
});
