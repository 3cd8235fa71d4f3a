import { command } from '../command.ts';
import { draftJob } from '../draft.ts';
import { exitOfJob, plainJob, showFooter, showJob } from '../report/job.ts';
import { runJob } from '../run.ts';

export const run = command({
  name: 'run',
  summary: 'Run a function or state on the peels a target chooses; the word "run" may be left out',
  notes: [
    "A value is text, or what the argument of that name takes. Lists and maps are written in YAML or JSON: groups='[wheel, docker]'.",
    'key=@file takes the text of a file, key=@- standard input, key=@@x the text "@x".',
    'After "--" everything is one value: zester web-01 cmd.run -- ls -la /tmp',
  ],
  positionals: [
    { name: 'target', summary: 'Which peels: web*, G@os.family:debian and not db*', required: true },
    { name: 'function', summary: 'What to run: test.ping, pkg.installed, state.apply', required: true },
    { name: 'values', summary: 'Its main value, then key=value', many: true },
  ],
  flags: [{ name: 'async', summary: 'Print the id of the job and leave it to the masters', type: 'bool' }],
  examples: [
    { title: 'Who is there', line: "'*' test.ping" },
    { title: 'What a state would change', line: "'web*' pkg.installed nginx --test" },
    { title: 'A list', line: "run 'G@os.family:debian' user.present deploy 'groups=[wheel, docker]'" },
    { title: 'A command line as it is', line: 'web-01 cmd.run -- ls -la /tmp' },
  ],
  bus: true,
  async run({ target, function: called, values, async: detach, rest }, session) {
    const draft = await draftJob({ words: [target, called, ...values], rest }, session);
    return runJob(draft, session, { detach });
  },
  show: showJob,
  showRest: showFooter,
  plain: plainJob,
  exit: exitOfJob,
  documents: true,
});
