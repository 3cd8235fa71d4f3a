import { asError, nearest, ZesterError } from '#base/errors.ts';
import { type Flag, flagValues, type ReadArguments, readFlags } from '#base/options.ts';
import { closedPipe, isClosed } from '#base/outlet.ts';
import type { Command } from './command.ts';
import { readJobFlags } from './flag-arguments.ts';
import { type GlobalFlags, globalFlags, ownGlobalFlags, streamFlag } from './flags.ts';
import { errorEvent, type Manner, printed, printedError } from './print.ts';
import { commandNames, type Found, findCommand, isGroup, runCommand } from './registry.ts';
import { exitCodes, exitOfError } from './report/exit.ts';
import { printable, visibleBytes } from './report/shown.ts';
import { wantsColour } from './report/style.ts';
import { createSession, type Format } from './session.ts';

/** The process as far as a command line tool needs it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Bytes as they are; resolves when there is room for more. */
  readonly outBytes?: (bytes: Uint8Array) => Promise<void>;
  readonly isTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly width: number;
  /** How wide the terminal of standard error is at this moment: windows change. */
  readonly errColumns?: () => number;
  /** Resolves when standard output takes no more. */
  readonly broken?: Promise<NodeJS.ErrnoException>;
}

/**
 * Runs one command line and gives its exit code. Only the command that was asked for is loaded. Nobody waits for a
 * command whose output goes nowhere any more: a job goes on without us.
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  let manner = mannerOf(wishesOf(argv), terminal);
  try {
    const { command, read, input, global } = await understand(argv);
    const isStreamed = command.flags.some((flag) => flag === streamFlag) && input.stream === true;
    manner = { ...mannerOf(global, terminal), streams: isStreamed };
    const { format, streams, quiet, style } = manner;
    const isPaged = terminal.isTerminal && !global.noPager && (command.paged || global.help);
    await using pager = isPaged ? (await import('./pager.ts')).openPager(terminal) : undefined;
    const out = pager?.out ?? terminal.out;
    if (global.help) {
      const { showCommand, showOverview } = await import('./report/help.ts');
      const isAny = read.words.length === 0 && command.name === 'help';
      const [{ allCommands }, { topics }] = await Promise.all([import('./registry.ts'), import('./topics.ts')]);
      out(isAny ? showOverview(await allCommands(), topics, style) : showCommand(command, style));
      return exitCodes.ok;
    }
    const { test, timeout: timeoutMs } = global;
    await using session = createSession({
      format,
      style,
      quiet,
      test,
      timeoutMs,
      terminal: terminal.errIsTerminal,
      columns: terminal.errColumns,
      flags: read.flags,
      environment: terminal.environment,
      out: (text) => out(printable(text, style.colour)),
      err: terminal.err,
      ...(terminal.outBytes && { outBytes: terminal.isTerminal ? visibleBytes(terminal.out) : terminal.outBytes }),
      ...(streams ? { eventLine: await eventLineFor(command, format) } : {}),
    });
    const value = await Promise.race([command.run(input, session), outputGone(terminal)]);
    out(await printed(command, value, manner));
    return command.exit(value);
  } catch (thrown) {
    if (thrown instanceof OutputGone) return thrown.exitCode;
    const error = asError(thrown);
    if (manner.streams && manner.format === 'json') terminal.out(await errorEvent(error, Date.now()));
    else terminal.err(await printedError(error, manner));
    return exitOfError(error);
  }
}

/** Writes events. Throws `STREAM_UNFIT` where nothing can read them. */
async function eventLineFor({ name }: Command, format: Format) {
  if (format === 'json') return (await import('./json/events.ts')).eventLine;
  throw new ZesterError('usage', 'STREAM_UNFIT', `Cannot stream "zester ${name}": events are written as JSON`, {
    hint: 'Add --json',
  });
}

class OutputGone extends Error {
  readonly exitCode: number;

  constructor(failure: NodeJS.ErrnoException) {
    super(failure.message);
    this.exitCode = isClosed(failure) ? closedPipe : exitCodes.trouble;
  }
}

/** Rejects when nothing can be printed any more, in the middle of the work. */
async function outputGone({ broken = new Promise(() => {}) }: Terminal): Promise<never> {
  throw new OutputGone(await broken);
}

/** An error as the command line wants to have it. */
export function tellError(error: ZesterError, argv: readonly string[], terminal: Terminal): Promise<string> {
  return printedError(error, mannerOf(wishesOf(argv), terminal));
}

type Wishes = Pick<GlobalFlags, 'json' | 'yaml' | 'format' | 'quiet' | 'noColor' | 'forceColor' | 'verbose'>;

/** As far as they can be told before the command line is understood. */
function wishesOf(argv: readonly string[]): Wishes {
  const has = (flag: string) => argv.includes(`--${flag}`);
  const format = (['json', 'yaml'] as const).find((each) => {
    return has(`format=${each}`) || (has('format') && argv[argv.indexOf('--format') + 1] === each);
  });
  return {
    json: has('json'),
    yaml: has('yaml'),
    format,
    quiet: has('quiet'),
    noColor: has('no-color'),
    forceColor: has('force-color'),
    verbose: has('verbose'),
  };
}

interface Understood {
  readonly command: Command;
  readonly read: ReadArguments;
  readonly input: Readonly<Record<string, unknown>>;
  readonly global: GlobalFlags;
}

/** The command, its input and the global flags of a command line. Throws usage errors. */
export async function understand(argv: readonly string[]): Promise<Understood> {
  const leading = leadingWords(argv);
  const found = commandFor(leading, argv);
  const command = await found.load();
  const own = new Set(command.flags.map(({ name }) => name));
  const known: readonly Flag[] = [...globalFlags.filter(({ name }) => !own.has(name)), ...command.flags];
  const all = command.name === 'run' ? await readJobFlags(argv, known, leading) : readFlags(argv, known);
  const read = { ...all, words: all.words.slice(found.words) };
  const global = flagValues(ownGlobalFlags, all.flags) as unknown as GlobalFlags;
  const input = global.help ? {} : { ...positionalValues(command, read), ...flagValues(command.flags, all.flags) };
  return { command, read, input, global };
}

/** The words before the flags are all known: flags with values of their own are the global ones. */
function leadingWords(argv: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < argv.length && argv[at] !== '--'; at++) {
    const token = argv[at] as string;
    if (!token.startsWith('-')) words.push(token);
    else if (!token.includes('=') && takesValue(token)) at++;
  }
  return words;
}

function takesValue(token: string): boolean {
  const name = token.replace(/^--?/, '');
  const flag = globalFlags.find((each) => each.name === name || each.aliases?.includes(name));
  return flag !== undefined && flag.type !== 'bool';
}

function commandFor(words: readonly string[], argv: readonly string[]): Found {
  const found = findCommand(words);
  if (found) return found;
  const [first, second] = words;
  if (first === undefined) {
    const name = argv.some((each) => each === '--version' || each === '-V') ? 'version' : 'help';
    return { ...(findCommand([name]) as Found), words: 0 };
  }
  // A peel may be called "job": what follows then has a dot.
  if (isGroup(first) && !second?.includes('.')) throw unknownCommand(words);
  if (!second?.includes('.') && meantCommand(words)) throw unknownCommand(words);
  return { words: 0, load: runCommand() };
}

function unknownCommand(words: readonly string[]): ZesterError {
  const name = words.slice(0, 2).join(' ');
  const meant = meantCommand(words);
  const group = commandNames().filter((each) => each.startsWith(`${meant ?? words[0]} `));
  const isHalf = words.length === 1 && group.length > 0 && meant === undefined;
  const reason = isHalf ? 'it is the first word of several commands' : 'there is no such command';
  const near = meant === undefined ? undefined : `Did you mean "${meant}"?`;
  const list = group.length > 0 ? `There are ${group.join(', ')}` : undefined;
  return new ZesterError('usage', 'SUBCOMMAND_UNKNOWN', `Cannot run "zester ${name}": ${reason}`, {
    hint: [near, list].filter(Boolean).join(' ') || 'Run "zester help"',
  });
}

/** What other tools, and people in a hurry, call a command. */
const otherWords: Readonly<Record<string, string>> = {
  enrol: 'enroll',
  enrollment: 'enroll',
  key: 'enroll',
  keys: 'enroll',
  jobs: 'job',
  lookup_jid: 'job show',
  kill: 'job kill',
  peels: 'peel',
  minions: 'peel',
  nodes: 'peel',
  contexts: 'context',
  docs: 'doc',
  man: 'help',
  match: 'target',
};

/** The command, or the first word of several, that is most likely meant by words that are none. */
function meantCommand([first = '', second]: readonly string[]): string | undefined {
  if (isGroup(first) && second === undefined) return undefined;
  const names = commandNames();
  const begin = otherWords[first.toLowerCase()] ?? first;
  const whole = [begin, second].filter(Boolean).join(' ');
  if (names.includes(whole)) return whole;
  const groups = names.flatMap((name) => (name.includes(' ') ? [name.split(' ')[0] as string] : []));
  return nearest(whole, names) ?? (begin === first ? nearest(first, [...names, ...groups]) : begin);
}

/** Words by their places. Throws `POSITIONAL_MISSING`, `POSITIONAL_STRAY`. */
function positionalValues({ name, positionals }: Command, { words, rest }: ReadArguments): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const takesMany = positionals.some(({ many }) => many);
  const given = [...words, ...(takesMany ? [] : (rest ?? []))];
  for (const { name: key, required, many, summary } of positionals) {
    // A job says itself what it lacks, in the words of its usage.
    if (required && given.length === 0 && name !== 'run') throw missing(name, key, summary);
    values[key] = many ? given.splice(0) : given.shift();
  }
  if (given.length > 0) throw strayWord(name, given[0] as string, positionals.length);
  return takesMany ? { ...values, rest } : values;
}

function missing(name: string, key: string, summary: string): ZesterError {
  return new ZesterError('usage', 'POSITIONAL_MISSING', `Cannot run "zester ${name}": <${key}> is missing`, {
    hint: `${summary}; zester help ${name} has examples`,
  });
}

function strayWord(name: string, word: string, takes: number): ZesterError {
  const reason = takes === 0 ? 'it takes no words' : `"${word}" is one word too many`;
  return new ZesterError('usage', 'POSITIONAL_STRAY', `Cannot run "zester ${name}": ${reason}`, {
    hint: word.includes('.')
      ? `Write "zester run ${name} ${word}" when "${name}" is a target`
      : `See zester help ${name}`,
  });
}

function mannerOf(wishes: Wishes, terminal: Terminal): Manner {
  const { quiet, verbose } = wishes;
  const { environment, isTerminal, width } = terminal;
  const colour = wantsColour({ ...wishes, terminal: isTerminal, environment });
  return {
    format: formatOf(wishes),
    streams: false,
    quiet,
    style: { colour, width, terminal: isTerminal, nowMs: Date.now(), verbose },
  };
}

function formatOf({ json, yaml, format = 'text' }: Wishes): Format {
  if (json) return 'json';
  return yaml ? 'yaml' : format;
}
