import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { common, Files, reading, requestOf, requiredMods, test, waiting } from './arguments.ts';
import { applyOrHighstate } from './files.ts';
import { confirmPlan } from './plan.ts';
import { stateFunction } from './state-function.ts';

const report = 'A report: what became of each state, with what changed';

const Named = z.object({ mods: requiredMods, ...common });

export const apply = stateFunction({
  name: 'state.apply',
  summary: 'Apply state files, or what the top file gives this peel',
  args: Files.extend({
    plan: z
      .string()
      .optional()
      .describe('Id of a job that planned: do exactly that, or refuse when it would be something else by now'),
  }),
  returns: report,
  changes: true,
  notes: [
    'One run works at a time on a machine; another waits for it, unless "queue" says otherwise.',
    'The plan of a job is kept by the peel that made it: "plan" takes no other argument beside it but "test" and "queue".',
  ],
  async run(args, context) {
    const { plan, ...rest } = args;
    if (plan === undefined) return { run: applyOrHighstate(rest, context) };
    const { test: testOnly, queue: _queue, concurrent: _beside, ...others } = rest;
    const surplus = Object.keys(others).filter((key) => others[key as keyof typeof others] !== undefined);
    if (surplus.length > 0) throw notBesidePlan(surplus);
    const confirmed = await confirmPlan(plan, context);
    return { run: applyOrHighstate({ ...confirmed.args, test: testOnly }, context, confirmed.planned) };
  },
});

export const sls = stateFunction({
  name: 'state.sls',
  summary: 'Apply state files',
  args: Named,
  returns: report,
  changes: true,
  run: async (args, context) => ({ run: context.engine.apply(args.mods, requestOf(args, context)) }),
});

export const highstate = stateFunction({
  name: 'state.highstate',
  summary: 'Apply what the top file gives this peel',
  args: z.object(common),
  returns: report,
  changes: true,
  run: async (args, context) => ({ run: applyOrHighstate(args, context) }),
});

export const planOnly = stateFunction({
  name: 'state.test',
  summary: 'Say what state.apply would change',
  args: Files,
  returns: report,
  changes: false,
  run: async (args, context) => ({ run: applyOrHighstate({ ...args, test: true }, context) }),
});

export const single = stateFunction({
  name: 'state.single',
  summary: 'Apply one state without a file',
  args: z
    .object({
      fun: z.string().describe('The state, such as "file.managed"').meta({ primary: true }),
      name: z.string().optional().describe('What it is about, and its id'),
      test,
      ...reading,
      // "env" is an argument of states that run commands.
      saltenv: reading.saltenv.meta({ aliases: [] }),
      ...waiting,
    })
    .catchall(z.unknown()),
  returns: report,
  changes: true,
  notes: ['What any state takes (onlyif, retry, timeout, …) may be among the other arguments.'],
  async run(args, context) {
    const { fun, name, test: _test, pillar: _pillar, saltenv: _env, queue: _queue, concurrent: _beside, ...own } = args;
    const id = name ?? (context.id === fun ? undefined : context.id);
    const values = name === undefined ? own : { name, ...own };
    return { run: context.engine.single(fun, values, { ...requestOf(args as Files, context), id }) };
  },
});

export const slsId = stateFunction({
  name: 'state.sls_id',
  summary: 'Apply one id of state files, with all that it depends on',
  args: z.object({
    id: z
      .string()
      .describe('The id')
      .meta({ primary: true, aliases: ['id_'] }),
    mods: requiredMods.meta({ primary: false }),
    ...common,
  }),
  returns: report,
  changes: true,
  run: async (args, context) => ({ run: context.engine.slsId(args.id, args.mods, requestOf(args, context)) }),
});

function notBesidePlan(surplus: readonly string[]): ZesterError {
  const names = surplus.map((key) => `"${key}"`).join(', ');
  return new ZesterError(
    'usage',
    'PLAN_ARGUMENTS',
    `Cannot apply a plan with ${names}: the plan says what is applied`,
    {
      hint: 'Leave them out, or make a new plan with them',
    },
  );
}
