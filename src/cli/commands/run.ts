import { ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';
import { draftJob } from '../draft.ts';
import { streamFlag } from '../flags.ts';
import { exitOfJob, plainJob, showFooter, showJob } from '../report/job.ts';
import { runJob } from '../run.ts';
import { targetFlags, targetOf } from '../target-flags.ts';

export const run = command({
  name: 'run',
  summary: 'Run a function or state on the peels a target chooses; the word "run" may be left out',
  notes: [
    "A value is text, or what the argument of that name takes. Lists and maps are written in YAML or JSON: groups='[wheel, docker]'.",
    'key=@file takes the text of a file, key=@- standard input, key=@@x the text "@x".',
    'After "--" everything is one value: zester web-01 cmd.run -- ls -la /tmp',
  ],
  positionals: [
    {
      name: 'target',
      summary: 'Which peels: web*, G@os.family:debian and not db*',
      required: true,
      completes: 'peel',
    },
    {
      name: 'function',
      summary: 'What to run: test.ping, pkg.installed, state.apply',
      required: true,
      completes: 'function',
    },
    { name: 'values', summary: 'Its main value, then key=value', many: true },
  ],
  flags: [
    streamFlag,
    { name: 'async', summary: 'Print the id of the job and leave it to the masters', type: 'bool' },
    {
      name: 'out',
      summary: 'Of state.plan: save what every peel would do in this file, for "zester apply"',
      type: 'string',
    },
    { name: 'overwrite', summary: 'Let --out replace a file that is there', type: 'bool' },
    ...targetFlags,
  ],
  examples: [
    { title: 'Who is there', line: "'*' test.ping" },
    { title: 'What a state would change', line: "'web*' pkg.installed nginx --test" },
    { title: 'A list', line: "run 'G@os.family:debian' user.present deploy 'groups=[wheel, docker]'" },
    { title: 'What a state would do, kept to be applied as it is', line: "'web*' state.plan web --out plan.json" },
    { title: 'A command line as it is', line: 'web-01 cmd.run -- ls -la /tmp' },
  ],
  bus: true,
  async run({ target: written, function: called, values, async: detach, out, overwrite, rest, ...kinds }, session) {
    const target = written === undefined ? written : targetOf(written, kinds);
    if (out !== undefined && (called !== 'state.plan' || detach)) throw notSaved(called);
    if (out !== undefined && !overwrite) (await import('../plan-file.ts')).refuseExisting(out);
    const draft = await draftJob({ words: [target, called, ...values], rest }, session);
    const report = await runJob(draft, session, { detach, keep: out !== undefined });
    if (out === undefined || report.ended === 'left' || report.ended === 'killed') return report;
    const { savePlan } = await import('../plan-file.ts');
    await savePlan(out, draft, report, session);
    session.note(`Plan saved in ${out}: read it with "zester plan show ${out}", then run "zester apply ${out}"`);
    return report;
  },
  show: showJob,
  showRest: showFooter,
  plain: plainJob,
  exit: exitOfJob,
  documents: true,
});

function notSaved(called: string): ZesterError {
  return new ZesterError(
    'usage',
    'PLAN_NOT_MADE',
    `Cannot save a plan of "${called}": only "state.plan" makes one that can be waited for`,
    {
      hint: "Write: zester '<target>' state.plan <state> --out plan.json",
    },
  );
}
