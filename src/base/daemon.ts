import { type Bugs, watchForBugs } from './bugs.ts';
import { asError, placeText } from './errors.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import {
  type Flag,
  type Option,
  type OptionValues,
  optionFlags,
  readFlags,
  readOptionFile,
  resolveOptions,
  type Why,
} from './options.ts';
import { standardError, standardOutput } from './outlet.ts';
import { build, versionText } from './version.ts';

export interface Daemon<Table extends readonly Option[]> {
  /** `zester-peel`. */
  readonly program: string;
  readonly component: string;
  readonly options: Table;
  /** Where its options are when no `--config` says otherwise. */
  readonly configPath: string;
  /** Runs until the signal; what it throws ends the process. */
  run(
    values: OptionValues<Table>,
    context: { readonly log: Log; readonly signal: AbortSignal; readonly bugs: Bugs },
  ): Promise<void>;
}

/** Every option table has these two. */
interface LogValues {
  readonly log_level: string;
  readonly log_format: string;
}

/** The command line has no options beyond these and one for each key. */
export const daemonFlags: readonly Flag[] = [
  { name: 'config', type: 'string', summary: 'Options file' },
  { name: 'check-config', type: 'bool', summary: 'Read and check the options, print where each comes from, and leave' },
  { name: 'version', type: 'bool', summary: 'Print the version, and leave' },
  { name: 'help', type: 'bool', summary: 'Print this, and leave' },
];

/** Starts a daemon from its command line. Returns the exit code: 0, 1 when it could not run, 64 for wrong usage. */
export async function runDaemon<Table extends readonly Option[]>(
  daemon: Daemon<Table>,
  argv: readonly string[],
): Promise<number> {
  const { program, component, options, configPath } = daemon;
  let log = createLog({ fields: { component, version: build.version } });
  try {
    const { flags, words } = readFlags(argv, [...daemonFlags, ...optionFlags(options)]);
    if (flags.has('version')) return say(versionText(program));
    if (flags.has('help')) return say(help(daemon));
    if (words.length > 0) return complain(`${program}: unexpected argument "${words[0]}"; see ${program} --help`);

    const path = flags.get('config')?.at(-1);
    const own = new Set(daemonFlags.map(({ name }) => name));
    const resolved = await resolveOptions(options, {
      file: readOptionFile(path ?? configPath, { required: path !== undefined }),
      environment: process.env,
      flags: new Map([...flags].filter(([name]) => !own.has(name))),
    });
    forgetSecrets(options, process.env);
    if (flags.has('check-config')) return say(whyText(resolved.why, resolved.warnings));
    const { log_level: level, log_format: format } = resolved.values as unknown as LogValues;
    log = createLog({
      level: level as LogLevel,
      format: format === 'text' ? 'text' : 'json',
      fields: { component, version: build.version },
    });
    for (const warning of resolved.warnings) log.warn('Option is outdated', { warning });

    using bugs = watchForBugs(log);
    await daemon.run(resolved.values, { log, signal: stopSignal(log), bugs });
    log.info('Stopped');
    return 0;
  } catch (thrown) {
    const error = asError(thrown);
    if (error.family === 'usage' || error.at !== undefined) {
      return complain(
        `${program}: ${error.at ? `${placeText(error.at)}: ` : ''}${error.message}${error.hint ? `\n  ${error.hint}` : ''}`,
      );
    }
    log.error('Cannot run', { code: error.code, error, hint: error.hint });
    return 1;
  }
}

/** What was a secret in the environment is read now, and is nobody's any more: least of all that of what we start. */
function forgetSecrets(options: readonly Option[], environment: NodeJS.ProcessEnv): void {
  for (const { secret, env } of options) if (secret && env !== undefined) delete environment[env];
}

/** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(log: Log): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      log.info('Stopping', { signal: name });
      controller.abort();
    });
  }
  return controller.signal;
}

function say(text: string): number {
  void standardOutput.write(`${text}\n`);
  return 0;
}

function complain(text: string): number {
  void standardError.write(`${text}\n`);
  return 64;
}

function whyText(why: readonly Why[], warnings: readonly string[]): string {
  const rows = why.map(
    ({ key, value, source, from }) => `${key} = ${JSON.stringify(value) ?? '-'}  (${from ?? source})`,
  );
  return [...warnings.map((each) => `warning: ${each}`), ...rows].join('\n');
}

function help({
  program,
  options,
  configPath,
}: Pick<Daemon<readonly Option[]>, 'program' | 'options' | 'configPath'>): string {
  const flags = [...daemonFlags, ...optionFlags(options)].filter(({ refused }) => refused === undefined);
  const rows = flags.map(({ name, summary }) => `  --${name.padEnd(22)} ${summary}`);
  return [
    `Usage: ${program} [options]`,
    '',
    `Options are read from ${configPath}, the environment, and:`,
    ...rows,
  ].join('\n');
}
