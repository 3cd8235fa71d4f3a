import { command } from '../command.ts';
import { type Candidate, candidates } from '../complete.ts';
import { completionSources } from '../completion-sources.ts';
import { candidateLines, shellNamed, typedWords } from '../report/completion.ts';

export const complete = command({
  name: 'complete',
  summary: 'What a word may become: what the scripts of "zester completion" call',
  positionals: [
    { name: 'shell', summary: 'bash, zsh or fish', required: true },
    { name: 'words', summary: 'Nothing: they come after "--"', many: true },
  ],
  notes: ['After "--" come the words so far, the last of them unfinished; for bash the whole line.'],
  examples: [{ title: 'The commands that begin so', line: "complete fish -- 'job l'" }],
  bus: true,
  async run({ shell, rest = [] }, session) {
    const known = shellNamed(shell);
    const words = typedWords(known, rest);
    const found: readonly Candidate[] = await candidates(words, completionSources(session));
    return { shell: known, current: words.at(-1) ?? '', found };
  },
  show: ({ shell, current, found }) => candidateLines(shell, current, found),
  plain: ({ found }) => found,
});
