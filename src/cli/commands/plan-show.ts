import { command } from '../command.ts';
import { outcomesOf, readPlan, refusalOf } from '../plan-file.ts';
import { actionOf, type PlannedPeel, type ShownPlan, showPlan } from '../report/plan.ts';

export const planShow = command({
  name: 'plan show',
  summary: 'What a saved plan would add, change, remove, run and restart, and what it cannot tell',
  notes: [
    'The file is only read: whether the plan still holds, the peels say: zester apply FILE --test',
    'A file that was edited is refused.',
  ],
  positionals: [{ name: 'file', summary: 'What "state.plan --out" saved', required: true, completes: 'file' }],
  examples: [
    { title: 'To be reviewed', line: 'plan show plan.json' },
    { title: 'For a program', line: 'plan show plan.json --json' },
  ],
  // No master is asked, but all that is shown comes from peels.
  bus: true,
  paged: true,
  async run({ file }, session): Promise<ShownPlan> {
    const { plan, operator } = await readPlan(file, session);
    const { jid, target, mods, created, peels } = plan;
    return {
      jid,
      target,
      ...(mods === undefined ? {} : { states: mods }),
      operator: operator.name,
      created: Date.parse(created),
      peels: peels.map((peel): PlannedPeel => {
        const outcomes = outcomesOf(peel);
        const steps = outcomes.flatMap((outcome) => {
          const action = actionOf(outcome);
          return action === undefined ? [] : [{ action, outcome }];
        });
        const { peel_id, error } = peel;
        return {
          peel: peel_id,
          steps,
          kept: outcomes.length - steps.length,
          ...(error && { error: refusalOf(error) }),
        };
      }),
    };
  },
  show: showPlan,
  plain: ({ peels, ...plan }) => ({
    ...plan,
    peels: peels.map(({ steps, ...peel }) => ({
      ...peel,
      steps: steps.map(({ action, outcome }) => ({ action, ...outcome })),
    })),
  }),
});
