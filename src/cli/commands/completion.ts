import { command } from '../command.ts';
import { completionScript, shellNamed } from '../report/completion.ts';

export const completion = command({
  name: 'completion',
  summary: 'A script that completes commands, peels, jobs, functions, arguments and flags in your shell',
  positionals: [{ name: 'shell', summary: 'bash, zsh or fish', required: true, offers: ['bash', 'zsh', 'fish'] }],
  notes: [
    'bash: source <(zester completion bash)',
    'zsh: source <(zester completion zsh)',
    'fish: zester completion fish | source',
    'Ids of peels are remembered for half a minute; a fleet that says nothing is not waited for.',
  ],
  examples: [{ title: 'For bash', line: 'completion bash' }],
  bus: false,
  async run({ shell }) {
    const known = shellNamed(shell);
    return { shell: known, script: completionScript(known) };
  },
  show: ({ script }) => script,
});
