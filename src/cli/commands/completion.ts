import { ZesterError } from '#base/errors.ts';
import { command } from '../command.ts';
import { allCommands } from '../registry.ts';
import { completionScript, shells } from '../report/completion.ts';

export const completion = command({
  name: 'completion',
  summary: 'A script that completes commands, functions and flags in your shell',
  positionals: [{ name: 'shell', summary: 'bash, zsh or fish', required: true }],
  notes: [
    'bash: source <(zester completion bash)',
    'zsh: source <(zester completion zsh)',
    'fish: zester completion fish | source',
  ],
  examples: [{ title: 'For bash', line: 'completion bash' }],
  bus: false,
  async run({ shell }, session) {
    const known = shells.find((each) => each === shell);
    if (known === undefined) {
      throw new ZesterError('usage', 'SHELL_UNKNOWN', `Cannot complete in "${shell}": it is not supported`, {
        hint: `Use one of ${shells.join(', ')}`,
      });
    }
    const [commands, { modules }] = await Promise.all([allCommands(), session.reference()]);
    return { shell, script: completionScript(known, commands, [...new Set(modules.map(({ name }) => name))]) };
  },
  show: ({ script }) => script,
});
