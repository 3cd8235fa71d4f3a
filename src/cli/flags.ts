import { type Flag, type FlagValues, optionFlags } from '#base/options.ts';
import { cliOptions } from './config.ts';

/** The flags every command takes. */
export const ownGlobalFlags = [
  { name: 'config', summary: 'The configuration file', type: 'string' },
  { name: 'timeout', summary: 'How long the job may take', type: 'duration' },
  { name: 'test', summary: 'Show what would change, and change nothing', type: 'bool' },
  { name: 'json', summary: 'Print JSON', type: 'bool' },
  { name: 'yaml', summary: 'Print YAML', type: 'bool' },
  { name: 'format', summary: 'How to print', type: 'choice', choices: ['text', 'json', 'yaml'] },
  { name: 'quiet', summary: 'Print the results only', type: 'bool', short: 'q' },
  {
    name: 'verbose',
    summary: 'Show everything: every answer of many peels, and states that are as they should be',
    type: 'bool',
    short: 'v',
  },
  { name: 'no-color', summary: 'Never use colours', type: 'bool' },
  { name: 'force-color', summary: 'Use colours even when it is not a terminal', type: 'bool' },
  { name: 'no-pager', summary: 'Never show what is long in a pager', type: 'bool' },
  { name: 'help', summary: 'Explain the command', type: 'bool', short: 'h' },
  { name: 'version', summary: 'Print the version', type: 'bool', short: 'V' },
] as const satisfies readonly Flag[];

export type GlobalFlags = FlagValues<typeof ownGlobalFlags>;

/** Of the options that are flags everywhere, what completes their values. */
const completes: Readonly<Record<string, string>> = { context: 'context' };

const otherNames: Readonly<Record<string, readonly string[]>> = { server: ['master'], ca: ['nats-ca'] };

export const globalFlags: readonly Flag[] = [
  ...optionFlags(cliOptions).map((flag) => ({
    ...flag,
    aliases: otherNames[flag.name] ?? [],
    ...(completes[flag.name] === undefined ? {} : { completes: completes[flag.name] as string }),
  })),
  ...ownGlobalFlags,
];

/** Of commands that tell programs what happens as it happens. */
export const streamFlag = {
  name: 'stream',
  summary: 'With --json: a line for everything that happens, as it happens',
  type: 'bool',
} as const satisfies Flag;
