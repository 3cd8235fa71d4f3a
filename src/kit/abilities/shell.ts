import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { commandDirectoryUnknown, userUnknown } from '#machine/errors.ts';
import type { CommandResult, Machine } from '#machine/machine.ts';
import { AccountRef, Duration, FileMode, StringMap } from '../types.ts';
import { realPath } from './places.ts';

/** Arguments of everything that runs a command. */
export const commandArguments = {
  cwd: z.string().optional().describe('Directory to run it in'),
  env: StringMap.optional().describe('Environment variables, added to what it sees of those of the agent'),
  runas: AccountRef.optional()
    .describe('User to run it as')
    .meta({ aliases: ['user'] }),
  umask: FileMode.optional().describe('Umask to run it with, in octal'),
  shell: z.string().default('/bin/sh').describe('Shell that reads the command'),
  stdin: z.string().optional().describe('Text for its standard input'),
  timeout: Duration.optional().describe('Time after which it is killed, with everything it started'),
  success_retcodes: z
    .array(z.int())
    .default([0])
    .describe('Exit codes that mean success')
    .meta({
      aliases: ['success_codes'],
    }),
};

export type CommandWish = Readonly<z.output<z.ZodObject<typeof commandArguments>>>;

/** Refuses a command that could not even start: `COMMAND_DIRECTORY_UNKNOWN`, `USER_UNKNOWN`. */
export async function checkCommand(command: string, { cwd, runas }: CommandWish, machine: Machine): Promise<void> {
  if (cwd !== undefined) {
    // Whoever's links are in the way of a command that runs as somebody else: what it does there, that user may do.
    const place = runas === undefined ? await realPath(machine.files, cwd) : cwd;
    const kind = (await machine.files.stat(place))?.kind;
    const isFolder = kind === 'directory' || (kind === 'symlink' && runas !== undefined);
    if (!isFolder) throw commandDirectoryUnknown(command, cwd);
  }
  if (typeof runas === 'string' && !(await machine.users.find(runas))) throw userUnknown(`run "${command}"`, runas);
}

/** Runs what the words say: a shell reads the command, unless arguments are given apart from it. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  { cwd, env, runas, umask, stdin, timeout, hide_output: isHidden = false }: CommandWish & { hide_output?: boolean },
  {
    commands,
    files,
    signal,
    rendering = false,
  }: Machine & { readonly signal: AbortSignal; readonly rendering?: boolean },
): Promise<CommandResult> {
  // Free of links: the system would follow those of anybody.
  const place = cwd === undefined || runas !== undefined ? cwd : await files.resolve(cwd);
  return commands.run(argv, {
    // A template takes it as it is: half of it would be written into a file without a word.
    output: rendering ? 'whole' : isHidden ? 'hidden' : 'shown',
    ...(place === undefined ? {} : { cwd: place }),
    ...(env === undefined ? {} : { env }),
    ...(runas === undefined ? {} : { user: String(runas) }),
    ...(umask === undefined ? {} : { umask }),
    ...(stdin === undefined ? {} : { input: stdin }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    signal,
  });
}

export function shellWords({ shell }: CommandWish, command: string): [string, ...string[]] {
  return [shell, '-c', command];
}

/** What a command answered, for an outcome. */
export function commandDetails(command: string, { code, stdout, stderr }: CommandResult): Record<string, string> {
  return { command, stdout: stdout.trimEnd(), stderr: stderr.trimEnd(), exitcode: String(code) };
}

/** Throws `COMMAND_TIMEOUT` and, for an exit code that is not among the good ones, `COMMAND_FAILED`. */
export function judgeCommand(command: string, result: CommandResult, { timeout, success_retcodes }: CommandWish): void {
  const details = commandDetails(command, result);
  if (result.timedOut) {
    const left = result.left === undefined ? ', and was ended' : `, and ${result.left}`;
    throw new ZesterError(
      'machine',
      'COMMAND_TIMEOUT',
      `Cannot run "${command}": it took longer than ${timeout}ms${left}`,
      { details },
    );
  }
  if (success_retcodes.includes(result.code)) return;
  const said = (result.stderr || result.stdout).trim().split('\n').at(-1);
  const reason = said ? `it exits ${result.code}: ${said}` : `it exits ${result.code}`;
  throw new ZesterError('machine', 'COMMAND_FAILED', `Cannot run "${command}": ${reason}`, { details });
}
