import type { Flag } from '#base/options.ts';
import type { Command, Completes, Positional } from './command.ts';
import { globalFlags } from './flags.ts';
import { type ArgumentRecord, argumentFor, argumentsOf, callable, type Reference } from './reference.ts';
import { commandNames, findCommand, runCommand } from './registry.ts';

export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** Where candidates come from that are not in the program: what takes time is asked for only when it is needed. */
export interface CompletionSources {
  /** Ids that may begin so. */
  peels(prefix: string): Promise<readonly string[]>;
  jobs(): Promise<readonly Candidate[]>;
  /** State files that may begin so: `web`, `db.master`. */
  refs(prefix: string): Promise<readonly string[]>;
  contexts(): Promise<readonly string[]>;
  topics(): Promise<readonly Candidate[]>;
  reference(): Promise<Reference>;
}

/** What the last of these words, which follow `zester`, may become. Empty where only files could. */
export async function candidates(words: readonly string[], sources: CompletionSources): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const found = await possible(before, current, sources);
  const unique = new Map(found.map((each) => [each.value, each]));
  return [...unique.values()].filter(({ value }) => value.startsWith(current));
}

async function possible(
  before: readonly string[],
  current: string,
  sources: CompletionSources,
): Promise<readonly Candidate[]> {
  const { bare: leading } = scan(before, globalFlags);
  const { command, taken } = await commandOf(leading);
  const flags = [...globalFlags, ...(command?.flags ?? [])];
  const { bare, awaiting, isClosed } = scan(before, flags);
  if (isClosed) return [];
  if (awaiting) return valuesOf(awaiting, current, sources);

  const [, name, value] = current.match(/^--([\w-]+)=(.*)$/s) ?? [];
  if (name !== undefined) {
    const flag = flags.find((each) => each.name === name || each.aliases?.includes(name));
    const values = flag ? await valuesOf(flag, value ?? '', sources) : [];
    return values.map((each) => ({ ...each, value: `--${name}=${each.value}` }));
  }
  if (current.startsWith('-'))
    return flags.map(({ name: flag, summary }) => ({ value: `--${flag}`, description: summary }));
  if (command === undefined) return [...nextWords(bare), ...(bare.length === 0 ? await targets(current, sources) : [])];

  const positional = positionalAt(command, bare.length - taken);
  const own = positional ? await wordsOf(positional, { command, words: bare.slice(taken), current, sources }) : [];
  return taken === 0 ? own : [...own, ...nextWords(bare)];
}

interface Scanned {
  readonly bare: readonly string[];
  /** The flag whose value comes next. */
  readonly awaiting: Flag | undefined;
  /** True behind `--`. */
  readonly isClosed: boolean;
}

function scan(words: readonly string[], flags: readonly Flag[]): Scanned {
  const bare: string[] = [];
  let awaiting: Flag | undefined;
  for (const word of words) {
    if (awaiting !== undefined) {
      awaiting = undefined;
      continue;
    }
    if (word === '--') return { bare, awaiting, isClosed: true };
    if (!word.startsWith('-')) bare.push(word);
    else if (!word.includes('=')) {
      const name = word.replace(/^--?/, '');
      const isLong = word.startsWith('--');
      const flag = flags.find((each) =>
        isLong ? [each.name, ...(each.aliases ?? [])].includes(name) : each.short === name,
      );
      awaiting = flag?.type === 'bool' ? undefined : flag;
    }
  }
  return { bare, awaiting, isClosed: false };
}

/** The command that the words name, or the job they begin; neither while they may still become a command. */
async function commandOf(
  words: readonly string[],
): Promise<{ readonly command: Command | undefined; readonly taken: number }> {
  const found = findCommand(words);
  if (found !== undefined) return { command: await found.load(), taken: found.words };
  if (words.length === 0 || nextWords(words).length > 0) return { command: undefined, taken: 0 };
  return { command: await runCommand()(), taken: 0 };
}

/** The words that may follow these to name a command. */
function nextWords(words: readonly string[]): readonly Candidate[] {
  const prefix = words.map((each) => `${each} `).join('');
  const names = commandNames().filter((name) => name.startsWith(prefix));
  return [...new Set(names.map((name) => name.slice(prefix.length).split(' ')[0] as string))].map((value) => ({
    value,
  }));
}

function positionalAt({ positionals }: Command, index: number): Positional | undefined {
  const last = positionals.at(-1);
  return positionals[index] ?? (last?.many ? last : undefined);
}

interface Typing {
  readonly command: Command;
  /** What was given to it already. */
  readonly words: readonly string[];
  readonly current: string;
  readonly sources: CompletionSources;
}

async function wordsOf({ name, completes, offers }: Positional, typing: Typing): Promise<readonly Candidate[]> {
  const { command, words, current, sources } = typing;
  if (command.name === 'run' && name === 'values') return argumentWords(words, current, sources);
  if (offers) return offers.map((value) => ({ value }));
  if (completes === 'topic') return [...nextWords(words), ...(words.length === 0 ? await sources.topics() : [])];
  return completes === undefined ? [] : ofKind(completes, current, sources);
}

async function ofKind(kind: Completes, current: string, sources: CompletionSources): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'peel':
      return targets(current, sources);
    case 'job':
      return [{ value: 'last', description: 'Your newest job' }, ...(await sources.jobs())];
    case 'context':
      return (await sources.contexts()).map((value) => ({ value }));
    case 'function':
    case 'subject':
      return moduleNames(await sources.reference());
    case 'fact':
      return (await sources.reference()).facts.map(({ name, summary }) => ({ value: name, description: summary }));
    case 'command':
      return nextWords([]);
    case 'topic':
      return sources.topics();
    case 'file':
      return [];
  }
}

async function targets(current: string, sources: CompletionSources): Promise<readonly Candidate[]> {
  return (await sources.peels(current)).map((value) => ({ value, description: 'peel' }));
}

function moduleNames({ modules }: Reference): readonly Candidate[] {
  return modules.map(({ name, summary }) => ({ value: name, description: summary }));
}

/** Values of a job: its arguments by name, and behind `key=` what they may be. */
async function argumentWords(
  words: readonly string[],
  current: string,
  sources: CompletionSources,
): Promise<readonly Candidate[]> {
  const [, called = '', ...given] = words;
  const reference = await sources.reference();
  const module = callable(reference, called);
  if (module === undefined) return [];
  const args = argumentsOf(module, reference);
  const [, key] = current.match(/^([A-Za-z_][\w.-]*)=/) ?? [];
  if (key !== undefined) {
    if (takesFiles([argumentFor(args, key)])) return stateFiles(`${key}=`, current, sources);
    const { decode, choices = decode === 'bool' ? ['true', 'false'] : [] } = argumentFor(args, key) ?? {};
    return choices.map((each) => ({ value: `${key}=${each}` }));
  }
  const primary = given.length === 0 ? args.find((each) => each.primary) : undefined;
  const own = primary?.name === 'jid' ? await ofKind('job', current, sources) : [];
  const facts = /^(facts|grains)\./.test(called) && primary ? await ofKind('fact', current, sources) : [];
  const files = primary && takesFiles(args) ? await stateFiles('', current, sources) : [];
  const isGiven = (name: string) => given.some((each) => each.startsWith(`${name}=`));
  const keys = args.filter(({ name, primary: isFirst }) => !isFirst && !isGiven(name));
  return [...own, ...facts, ...files, ...keys.map(({ name, description }) => ({ value: `${name}=`, description }))];
}

/** True for what takes state files: their argument has that alias everywhere. */
function takesFiles(args: readonly (ArgumentRecord | undefined)[]): boolean {
  return args.some((each) => each?.aliases?.includes('sls'));
}

/** The last of several files, which commas part. */
async function stateFiles(key: string, current: string, sources: CompletionSources): Promise<readonly Candidate[]> {
  const written = current.slice(key.length);
  const before = written.slice(0, written.lastIndexOf(',') + 1);
  const refs = await sources.refs(written.slice(before.length));
  return refs.map((ref) => ({ value: `${key}${before}${ref}`, description: 'state file' }));
}

async function valuesOf(flag: Flag, current: string, sources: CompletionSources): Promise<readonly Candidate[]> {
  if (flag.choices) return flag.choices.map((value) => ({ value }));
  if (flag.offers) {
    const before = flag.type === 'list' ? current.slice(0, current.lastIndexOf(',') + 1) : '';
    return flag.offers.map((each) => ({ value: before + each }));
  }
  if (flag.completes === undefined) return [];
  return ofKind(flag.completes as Completes, current, sources);
}
