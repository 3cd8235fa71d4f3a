import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { durationText } from '#base/time.ts';
import { commandDirectoryUnknown, groupUnknown, userUnknown } from '#machine/errors.ts';
import type { CommandResult, Machine } from '#machine/machine.ts';
import { Duration, EnvironmentMap, FileMode, GroupRef, StringList, UserRef } from '../types.ts';
import { realPath } from './places.ts';

/** Arguments of everything that runs a command. */
export const commandArguments = {
  cwd: z
    .string()
    .optional()
    .describe('Directory to run it in; the home of its user when left out')
    .meta({ refers: 'place' }),
  env: EnvironmentMap.optional().describe('Environment variables, added to what it sees of those of the agent'),
  prepend_path: z.string().optional().describe('Folders to look for programs in before all others: "/opt/app/bin"'),
  runas: UserRef.optional()
    .describe('User to run it as, with the groups and the home of that user')
    .meta({ aliases: ['user'] }),
  group: GroupRef.optional().describe('Primary group to run it with'),
  umask: FileMode.optional().describe('Umask to run it with, in octal'),
  shell: z.string().default('/bin/sh').describe('Shell that reads the command'),
  stdin: z.string().optional().describe('Text for its standard input'),
  bg: z.boolean().default(false).describe('Leave it running and go on: nobody looks at its output or its exit code'),
  use_vt: z.boolean().default(false).describe('Run it on a terminal of its own, for programs that ask for one'),
  timeout: Duration.optional().describe('Time after which it is killed, with everything it started'),
  success_retcodes: z
    .array(z.int())
    .default([])
    .describe('Exit codes that mean success, beside 0')
    .meta({ aliases: ['success_codes'] }),
  success_stdout: StringList.default([]).describe('Outputs that mean success, whatever the exit code'),
  success_stderr: StringList.default([]).describe('Error outputs that mean success, whatever the exit code'),
};

export type CommandWish = Readonly<z.output<z.ZodObject<typeof commandArguments>>>;

/** Refuses a command that could not even start: `COMMAND_DIRECTORY_UNKNOWN`, `USER_UNKNOWN`, `GROUP_UNKNOWN`, `COMMAND_TERMINAL_MISSING`. */
export async function checkCommand(
  command: string,
  { cwd, runas, group, use_vt }: CommandWish,
  machine: Machine,
): Promise<void> {
  if (cwd !== undefined) {
    // Whoever's links are in the way of a command that runs as somebody else: what it does there, that user may do.
    const place = runas === undefined ? await realPath(machine.files, cwd) : cwd;
    const kind = (await machine.files.stat(place))?.kind;
    const isFolder = kind === 'directory' || (kind === 'symlink' && runas !== undefined);
    if (!isFolder) throw commandDirectoryUnknown(command, cwd);
  }
  if (typeof runas === 'string' && !(await machine.users.find(runas))) throw userUnknown(`run "${command}"`, runas);
  if (typeof group === 'string' && !(await machine.groups.find(group))) throw groupUnknown(`run "${command}"`, group);
  if (use_vt && (await machine.commands.which('script')) === undefined) throw terminalMissing(command);
}

/** Runs what the words say: a shell reads the command, unless arguments are given apart from it. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  wanted: CommandWish & { hide_output?: boolean },
  {
    commands,
    files,
    signal,
    rendering = false,
  }: Machine & { readonly signal: AbortSignal; readonly rendering?: boolean },
): Promise<CommandResult> {
  const { cwd, env, prepend_path, runas, group, umask, stdin, timeout, hide_output: isHidden = false } = wanted;
  // Free of links: the system would follow those of anybody.
  const place = cwd === undefined || runas !== undefined ? cwd : await files.resolve(cwd);
  const result = await commands.run(wrapped(argv, wanted), {
    // A template takes it as it is: half of it would be written into a file without a word.
    output: rendering ? 'whole' : isHidden ? 'hidden' : 'shown',
    ...(place === undefined ? {} : { cwd: place }),
    ...(env === undefined ? {} : { env }),
    ...(prepend_path === undefined ? {} : { prependPath: prepend_path }),
    ...(runas === undefined ? {} : { user: String(runas) }),
    ...(group === undefined ? {} : { group: String(group) }),
    ...(umask === undefined ? {} : { umask }),
    ...(stdin === undefined ? {} : { input: stdin }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    signal,
  });
  // A terminal ends its lines as typewriters did.
  return wanted.use_vt ? { ...result, stdout: result.stdout.replaceAll('\r\n', '\n') } : result;
}

export function shellWords({ shell }: CommandWish, command: string): [string, ...string[]] {
  return [shell, '-c', command];
}

/** What a command answered, for an outcome. */
export function commandDetails(command: string, { code, stdout, stderr }: CommandResult): Record<string, string> {
  return { command, stdout: stdout.trimEnd(), stderr: stderr.trimEnd(), exitcode: String(code) };
}

/** Throws `COMMAND_TIMEOUT` and, when neither its exit code nor its output means success, `COMMAND_FAILED`. */
export function judgeCommand(command: string, result: CommandResult, wanted: CommandWish): void {
  const details = commandDetails(command, result);
  if (result.timedOut) {
    const left = result.left === undefined ? ', and was ended' : `, and ${result.left}`;
    const length = durationText(wanted.timeout ?? 0);
    throw new ZesterError(
      'machine',
      'COMMAND_TIMEOUT',
      `Cannot run "${command}": it took longer than its timeout of ${length}${left}`,
      { details, hint: 'Raise its "timeout", or find out what it waits for' },
    );
  }
  if (hasSucceeded(result, wanted)) return;
  const said = (result.stderr || result.stdout).trim().split('\n').at(-1);
  const reason = said ? `it exits ${result.code}: ${said}` : `it exits ${result.code}`;
  throw new ZesterError('machine', 'COMMAND_FAILED', `Cannot run "${command}": ${reason}`, { details });
}

function hasSucceeded({ code, stdout, stderr }: CommandResult, wanted: CommandWish): boolean {
  if (code === 0 || wanted.success_retcodes.includes(code)) return true;
  return wanted.success_stdout.includes(stdout.trimEnd()) || wanted.success_stderr.includes(stderr.trimEnd());
}

/** The words with those before them that give it a terminal, or leave it behind. */
function wrapped(argv: readonly [string, ...string[]], { bg, use_vt }: CommandWish): readonly [string, ...string[]] {
  // Its own shell waits for nobody; a shell would take the input of what it leaves behind, so that is kept aside.
  if (bg) return ['/bin/sh', '-c', 'exec 3<&0; "$@" <&3 3<&- >/dev/null 2>&1 & echo $!', 'sh', ...argv];
  return use_vt ? ['script', '--quiet', '--return', '--command', argv.map(quoted).join(' '), '/dev/null'] : argv;
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function terminalMissing(command: string): ZesterError {
  return new ZesterError(
    'machine',
    'COMMAND_TERMINAL_MISSING',
    `Cannot run "${command}" on a terminal: there is no "script" program here`,
    { hint: 'Install util-linux (on Debian, bsdutils), or leave "use_vt" out' },
  );
}
