import { ZesterError } from '#base/errors.ts';
import { isJid } from '#base/ids.ts';
import { command } from '../command.ts';
import { type Explained, explainOutcome, showExplained } from '../explain-outcome.ts';
import { type Explanation, explain as explainName } from '../explanations.ts';
import { findJid } from '../job-ids.ts';
import { showExplanations } from '../report/explanation.ts';

type Answer = { readonly outcomes: readonly Explained[] } | { readonly explanations: readonly Explanation[] };

export const explain = command({
  name: 'explain',
  summary: 'What a name means: a state, an argument, a fact, an error; or why a state of a job did what it did',
  positionals: [
    {
      name: 'subject',
      summary: 'file.managed, file.managed.mode, onchanges, os.family, REQUISITE_UNKNOWN, or the id of a job',
      required: true,
      completes: 'subject',
    },
    { name: 'id', summary: 'With a job: the id of one of its states' },
  ],
  examples: [
    { title: 'An argument', line: 'explain file.managed.mode' },
    { title: 'An error', line: 'explain REQUISITE_UNKNOWN' },
    { title: 'Why a state ran, was skipped or changed', line: 'explain last nginx' },
  ],
  bus: true,
  paged: true,
  async run({ subject, id }, session): Promise<Answer> {
    if (id !== undefined) return { outcomes: await explainOutcome(await findJid(subject, session), id, session) };
    if (isJid(subject)) throw idMissing(subject);
    return { explanations: await explainName(subject) };
  },
  show: (answer, style) =>
    'outcomes' in answer ? showExplained(answer.outcomes, style) : showExplanations(answer.explanations, style),
  plain: (answer) => ('outcomes' in answer ? answer.outcomes : answer.explanations),
});

function idMissing(jid: string): ZesterError {
  return new ZesterError('usage', 'STATE_ID_MISSING', `Cannot explain job ${jid}: no state of it is named`, {
    hint: `Write: zester explain ${jid} <id>; its states are in "zester job show ${jid}"`,
  });
}
