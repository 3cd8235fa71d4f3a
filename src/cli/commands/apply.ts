import { ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';
import { streamFlag } from '../flags.ts';
import { defaultTimeoutMs } from '../parse.ts';
import { readPlan } from '../plan-file.ts';
import { exitOfJob, plainJob, showFooter, showJob } from '../report/job.ts';
import { count } from '../report/table.ts';
import { runJob } from '../run.ts';

export const apply = command({
  name: 'apply',
  summary: 'Apply a saved plan: exactly that, and only on peels where it still holds',
  notes: [
    'Every peel plans again first, and refuses when anything would be different by now; the answer names what changed.',
    'While it is applied, a step that would do something else than the plan says fails before it does it.',
    'A file that was edited is refused. Peels that could not plan are left out.',
  ],
  positionals: [{ name: 'file', summary: 'What "state.plan --out" saved', required: true }],
  flags: [{ name: 'async', summary: 'Print the id of the job and leave it to the masters', type: 'bool' }, streamFlag],
  examples: [
    { title: 'What was planned', line: 'apply plan.json' },
    { title: 'Whether the plan still holds', line: 'apply plan.json --test' },
  ],
  bus: true,
  async run({ file, async: detach }, session) {
    const { plan, operator } = await readPlan(file, session);
    const { jid, created, peels } = plan;
    const ready = peels.filter(({ status }) => status === 'success').map(({ peel_id }) => peel_id);
    const others = peels.filter(({ status }) => status !== 'success').map(({ peel_id }) => peel_id);
    if (ready.length === 0) throw nothingPlanned(file);
    session.note(`Plan ${jid} by ${operator.name}, ${created}`);
    if (others.length > 0) session.note(`Left out, they have no plan: ${others.join(', ')}`);
    const draft = {
      target: `L@${ready.join(',')}`,
      function: 'state.apply',
      args: { plan: jid },
      test: session.test,
      timeoutMs: session.timeoutMs ?? defaultTimeoutMs('state.apply', undefined, {}),
    };
    const report = await runJob(draft, session, { detach });
    const asked = new Set(report.peels);
    const gone = ready.filter((peel) => !asked.has(peel));
    if (!detach && gone.length > 0)
      session.note(`${count(gone.length, 'peel')} of the plan no longer enrolled: ${gone.join(', ')}`);
    return report;
  },
  show: showJob,
  showRest: showFooter,
  plain: plainJob,
  exit: exitOfJob,
  documents: true,
});

function nothingPlanned(file: string): ZesterError {
  return new ZesterError('usage', 'PLAN_EMPTY', `Cannot apply "${file}": no peel could plan`, {
    hint: 'The file says why for each of them; plan again when that is mended',
  });
}
