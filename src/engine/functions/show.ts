import * as z from 'zod';
import { exclude, Files, reading, requestOf, requiredMods } from './arguments.ts';
import { type StateFunctionContext, stateFunction } from './state-function.ts';

const Named = z.object({ mods: requiredMods, ...reading, exclude });
const Top = Files.pick({ pillar: true, saltenv: true, exclude: true });

export const showSls = stateFunction({
  name: 'state.show_sls',
  summary: 'What state files declare, rendered and merged',
  args: Named,
  returns: 'Id → state → arguments',
  changes: false,
  run: async (args, context) => ({ value: context.engine.showHigh(args.mods, lookingOnly(args, context)) }),
});

export const showLowSls = stateFunction({
  name: 'state.show_low_sls',
  summary: 'The single states that state files come down to, in order',
  args: Named,
  returns: 'A list of maps, one for each state',
  changes: false,
  run: async (args, context) => ({ value: context.engine.showLow(args.mods, lookingOnly(args, context)) }),
});

export const showHighstate = stateFunction({
  name: 'state.show_highstate',
  summary: 'What the top file gives this peel, rendered and merged',
  args: Top,
  returns: 'Id → state → arguments',
  changes: false,
  run: async (args, context) => ({
    value: context.engine.showHighstate({ ...lookingOnly(args, context), matches: context.matches }),
  }),
});

export const showLowstate = stateFunction({
  name: 'state.show_lowstate',
  summary: 'The single states that the top file comes down to for this peel, in order',
  args: Top,
  returns: 'A list of maps, one for each state',
  changes: false,
  run: async (args, context) => ({
    value: context.engine.showLowstate({ ...lookingOnly(args, context), matches: context.matches }),
  }),
});

export const showTop = stateFunction({
  name: 'state.show_top',
  summary: 'The state files that the top file gives this peel',
  args: Top,
  returns: 'Environment → names of state files',
  changes: false,
  run: async (args, context) => ({
    value: context.engine.showTop({ ...lookingOnly(args, context), matches: context.matches }),
  }),
});

export const running = stateFunction({
  name: 'state.running',
  summary: 'The run that is at work on this machine, whoever started it',
  args: z.object({}),
  returns: 'A list of at most one map: `jid`, `function`, `since` (ISO 8601) and `pid`',
  changes: false,
  run: async (_args, { atWork }) => ({ value: [atWork?.()].filter((run) => run !== undefined) }),
});

/** To show is not to do: templates may call only what reads. */
function lookingOnly(args: z.output<typeof Top>, context: StateFunctionContext) {
  return requestOf({ ...args, test: true }, context);
}
