import * as z from 'zod';
import { commandArguments, judgeCommand, runCommand, shellWords } from '#kit/abilities/shell.ts';
import type { Context } from '#kit/context.ts';
import { moduleFunction } from '#kit/function.ts';
import { StringList } from '#kit/types.ts';
import { loadScript, ScriptArguments, withScript } from './script.ts';

const cmd = z
  .string()
  .min(1)
  .describe('The command')
  .meta({ primary: true, aliases: ['command', 'name'] });
const program = z
  .string()
  .min(1)
  .describe('Name of the program')
  .meta({ primary: true, aliases: ['cmd', 'name'] });

/** Templates ask for what a map may not have. */
const perhapsProgram = program.nullable().meta({ primary: true, aliases: ['cmd', 'name'] });

const runArguments = z.object({
  cmd,
  ...commandArguments,
  ignore_retcode: z.boolean().default(false).describe('Return the output whatever the exit code'),
  python_shell: z.boolean().optional().describe('For Salt: means nothing, a shell always reads the command'),
  output_loglevel: z.string().optional().describe('For Salt: means nothing'),
});

const examples = [
  { title: 'A short answer', args: { cmd: 'echo hello' }, expect: 'hello' },
  {
    title: 'Both streams of a command',
    args: { cmd: 'nginx -v' },
    given: { commands: { 'nginx -v': { stderr: 'nginx version: 1.24\n' } } },
    expect: 'nginx version: 1.24',
  },
  { title: 'A command that fails', args: { cmd: 'false' }, expect: { refusal: 'COMMAND_FAILED' } },
];

export const run = moduleFunction({
  name: 'cmd.run',
  summary: 'Run a command and return what it prints',
  args: runArguments,
  returns: 'Standard output and standard error as one text, without the last line break',
  changes: true,
  run: output,
  examples,
  notes: ['A template gets the output of a command that fails, too; a job fails, with the output in its details.'],
});

export const shell = moduleFunction({
  name: 'cmd.shell',
  summary: 'Run a command line in a shell and return what it prints',
  args: runArguments,
  returns: 'Standard output and standard error as one text, without the last line break',
  changes: true,
  run: output,
  examples,
});

export const runStdout = moduleFunction({
  name: 'cmd.run_stdout',
  summary: 'Run a command and return its standard output',
  args: runArguments,
  returns: 'Standard output, without the last line break',
  changes: true,
  async run(wanted, context) {
    return (await answer(wanted, context)).stdout.trimEnd();
  },
  examples: [{ title: 'A short answer', args: { cmd: 'echo hello' }, expect: 'hello' }],
});

export const runStderr = moduleFunction({
  name: 'cmd.run_stderr',
  summary: 'Run a command and return its standard error',
  args: runArguments,
  returns: 'Standard error, without the last line break',
  changes: true,
  async run(wanted, context) {
    return (await answer(wanted, context)).stderr.trimEnd();
  },
  examples: [
    {
      title: 'A command that answers there',
      args: { cmd: 'nginx -v' },
      given: { commands: { 'nginx -v': { stderr: 'nginx version: 1.24\n' } } },
      expect: 'nginx version: 1.24',
    },
  ],
});

export const runAll = moduleFunction({
  name: 'cmd.run_all',
  summary: 'Run a command and return its output and exit code',
  args: runArguments,
  returns:
    'Map of `retcode`, `stdout`, `stderr` and `timed_out`; `left` says what could not be ended when its time was over',
  changes: true,
  async run(wanted, context) {
    const { code, stdout, stderr, timedOut, left } = await runCommand(shellWords(wanted, wanted.cmd), wanted, context);
    const said = { retcode: code, stdout: stdout.trimEnd(), stderr: stderr.trimEnd(), timed_out: timedOut };
    return left === undefined ? said : { ...said, left };
  },
  examples: [
    {
      title: 'A command that fails',
      args: { cmd: 'grep -q x /none' },
      expect: { retcode: 2, stdout: '', stderr: 'grep: /none: No such file or directory', timed_out: false },
    },
  ],
});

export const retcode = moduleFunction({
  name: 'cmd.retcode',
  summary: 'Run a command and return its exit code',
  args: runArguments,
  returns: 'The exit code; 128 and the number of the signal when a signal ended it',
  changes: true,
  run: async (wanted, context) => (await runCommand(shellWords(wanted, wanted.cmd), wanted, context)).code,
  examples: [
    { title: 'A command that succeeds', args: { cmd: 'true' }, expect: 0 },
    { title: 'A command that fails', args: { cmd: 'false' }, expect: 1 },
  ],
});

export const script = moduleFunction({
  name: 'cmd.script',
  summary: 'Run a script of the state tree and return its output and exit code',
  args: z.object({
    source: z.string().describe('The script: "zester://…", "salt://…" or a path').meta({ primary: true }),
    args: ScriptArguments.default([])
      .describe('Arguments of the script: a list, or a text that a shell takes apart')
      .meta({ decode: 'command' }),
    ...commandArguments,
  }),
  returns: 'Map of `retcode`, `stdout` and `stderr`',
  changes: true,
  async run(wanted, context) {
    const script = await loadScript(wanted, context);
    const { code, stdout, stderr } = await withScript(script, wanted, context, (argv) =>
      runCommand(argv, wanted, context),
    );
    return { retcode: code, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
  },
  examples: [
    {
      title: 'A script with an argument',
      args: { source: 'zester://report.sh', args: ['short'] },
      given: { tree: { 'report.sh': '#!/bin/sh\ntest "$1" = short && echo fine\n' } },
      expect: { retcode: 0, stdout: 'fine', stderr: '' },
    },
    { title: 'A missing script', args: { source: 'zester://x' }, expect: { refusal: 'SOURCE_MISSING' } },
  ],
});

export const which = moduleFunction({
  name: 'cmd.which',
  summary: 'Path of a program',
  args: z.object({ program: perhapsProgram }),
  returns: 'The path; nothing when the program is not on PATH, or none is asked for',
  changes: false,
  run: async ({ program }, { commands }) => (program === null ? null : ((await commands.which(program)) ?? null)),
  examples: [
    { title: 'A program', args: { program: 'cat' }, expect: '/usr/bin/cat' },
    { title: 'An unknown program', args: { program: 'nosuch' }, expect: null },
    { title: 'No program', args: { program: null }, expect: null },
  ],
});

export const hasExec = moduleFunction({
  name: 'cmd.has_exec',
  summary: 'Whether a program is on PATH',
  args: z.object({ program: perhapsProgram }),
  returns: 'True or false',
  changes: false,
  run: async ({ program }, { commands }) => program !== null && (await commands.which(program)) !== undefined,
  examples: [
    { title: 'A program', args: { program: 'cat' }, expect: true },
    { title: 'An unknown program', args: { program: 'nosuch' }, expect: false },
  ],
});

export const whichBin = moduleFunction({
  name: 'cmd.which_bin',
  summary: 'Path of the first of some programs that is there',
  args: z.object({ programs: StringList.describe('Names of programs').meta({ primary: true, aliases: ['cmds'] }) }),
  returns: 'The path; nothing when none of them is on PATH',
  changes: false,
  async run({ programs }, { commands }) {
    for (const program of programs) {
      const path = await commands.which(program);
      if (path !== undefined) return path;
    }
    return null;
  },
  examples: [
    { title: 'The second of two', args: { programs: ['nosuch', 'cat'] }, expect: '/usr/bin/cat' },
    { title: 'None of them', args: { programs: ['nosuch'] }, expect: null },
  ],
});

type RunWish = z.output<typeof runArguments>;

async function output(wanted: RunWish, context: Context): Promise<string> {
  const { stdout, stderr } = await answer(wanted, context);
  return `${stdout}${stderr}`.trimEnd();
}

async function answer(wanted: RunWish, context: Context) {
  const result = await runCommand(shellWords(wanted, wanted.cmd), wanted, context);
  if (!wanted.ignore_retcode && !context.rendering) judgeCommand(wanted.cmd, result, wanted);
  return result;
}
