import { readFileSync } from 'node:fs';
import { didYouMean, isError, type Place, placeText, ZesterError } from './errors.ts';
import { parseDuration } from './time.ts';

/** `data` takes any YAML value and is for files only; `choice` needs `choices`. */
export type OptionType = 'string' | 'int' | 'bool' | 'duration' | 'size' | 'list' | 'map' | 'choice' | 'data';

interface Kind {
  readonly type: OptionType;
  readonly choices?: readonly string[];
  readonly default?: unknown;
}

/** A key of a file that a variable or a flag may override. Values are numbers after the door: milliseconds, bytes. */
export interface Option extends Kind {
  /** Dots stand for nesting in the file: `reactor.dir`. */
  readonly key: string;
  readonly summary: string;
  /** Name of the environment variable. */
  readonly env?: string;
  /** Without the dashes; `false` when there is none. Otherwise the key in kebab case: `--reactor-dir`. */
  readonly flag?: string | false;
  /** True when a new value needs a restart. */
  readonly restart: boolean;
  /** Its value is never shown, and no flag takes it: anybody on the machine sees the arguments of a program. */
  readonly secret?: boolean;
  /** Names it had before: still read, with a warning that names the new one. */
  readonly formerly?: readonly string[];
  /** Makes of a value of its type what the program works with. The errors it throws get the value's place. */
  readonly read?: (value: never) => unknown;
}

/** A flag of one command. */
export interface Flag extends Kind {
  /** Without the dashes: `all-pending`. */
  readonly name: string;
  readonly summary: string;
  /** One letter: `o` for `-o`. */
  readonly short?: string;
  readonly aliases?: readonly string[];
  /** What a shell offers for its value: the name of a kind of things, or some values among others. */
  readonly completes?: string;
  readonly offers?: readonly string[];
  /** It is refused, with this as the hint. */
  readonly refused?: string | undefined;
}

interface ValueOf {
  readonly string: string;
  readonly int: number;
  readonly bool: boolean;
  readonly duration: number;
  readonly size: number;
  readonly list: readonly string[];
  readonly map: Readonly<Record<string, unknown>>;
  readonly choice: string;
  readonly data: unknown;
}

type Typed<K extends Kind> = K extends { readonly read: (value: never) => infer Value }
  ? Value
  : K extends { readonly choices: readonly (infer C)[] }
    ? C
    : ValueOf[K['type']];
type Present<K extends Kind> = K extends { readonly default: unknown } ? Typed<K> : Typed<K> | undefined;
type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

export type OptionValues<T extends readonly Option[]> = { readonly [O in T[number] as O['key']]: Present<O> };

/** A flag that is a bool is false, and a list empty, when it was not given. */
export type FlagValues<F extends readonly Flag[]> = {
  readonly [Each in F[number] as Camel<Each['name']>]: Each['type'] extends 'bool' | 'list'
    ? Typed<Each>
    : Present<Each>;
};

/** Keeps the literal types of a table, for `OptionValues`. */
export function optionTable<const T extends readonly Option[]>(table: T): T {
  return table;
}

export interface Why {
  readonly key: string;
  readonly value: unknown;
  readonly source: 'default' | 'file' | 'environment' | 'flag' | 'unset';
  /** `/etc/zester/peel.yaml:3:5`, `ZESTER_ID`, `--id`. */
  readonly from: string | undefined;
}

export interface Resolved<T extends readonly Option[]> {
  readonly values: OptionValues<T>;
  /** Every option with its value and where that came from; secrets masked. */
  readonly why: readonly Why[];
  readonly warnings: readonly string[];
}

export interface OptionSources {
  readonly file?: { readonly path: string; readonly text: string } | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** By flag name, as `readFlags` gives them. */
  readonly flags?: ReadonlyMap<string, readonly string[]>;
}

/** A value as it was found, before its type is applied. */
interface Found {
  readonly written: unknown;
  readonly source: 'file' | 'environment' | 'flag';
  readonly from: string;
  readonly at?: Place | undefined;
}

/**
 * Default < file < environment < flag. The file's keys must all be known; `yaml` is loaded only when there is a file.
 * Throws `OPTION_UNKNOWN`, `OPTION_INVALID`, `OPTION_FILE_SYNTAX` with the place, and `FLAG_UNKNOWN`.
 */
export async function resolveOptions<const T extends readonly Option[]>(
  table: T,
  { file, environment = {}, flags = new Map() }: OptionSources,
): Promise<Resolved<T>> {
  const warnings: string[] = [];
  const found = new Map<string, Found>();
  if (file) for (const [key, each] of await fileValues(table, file, warnings)) found.set(key, each);
  for (const { key, env } of table) {
    const written = env === undefined ? undefined : environment[env];
    if (env !== undefined && written) found.set(key, { written, source: 'environment', from: env });
  }
  const byFlag = new Map(table.flatMap((option) => (option.flag === false ? [] : [[flagName(option), option]])));
  for (const [name, written] of flags) {
    const option = byFlag.get(name);
    if (option === undefined) throw unknownFlag(`--${name}`, byFlag.keys());
    found.set(option.key, { written: flagValue(option, written), source: 'flag', from: `--${name}` });
  }

  const values: Record<string, unknown> = {};
  const why = table.map((option): Why => {
    const each = found.get(option.key);
    const value = each === undefined ? option.default : decodeFound(option, each);
    values[option.key] = value;
    const source = each?.source ?? (option.default === undefined ? 'unset' : 'default');
    const shown = option.secret && value !== undefined ? '[secret]' : value;
    return { key: option.key, value: shown, source, from: each?.at ? placeText(each.at) : each?.from };
  });
  return { values: values as OptionValues<T>, why, warnings };
}

/** The file's text; a missing one is nothing unless it was asked for by name. Throws `OPTION_FILE_UNREADABLE`. */
export function readOptionFile(
  path: string,
  { required }: { readonly required: boolean },
): { readonly path: string; readonly text: string } | undefined {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = (error as Error).message;
    throw new ZesterError('source', 'OPTION_FILE_UNREADABLE', `Cannot read the options file "${path}": ${reason}`, {
      cause: error,
      hint: 'Check the path and that you may read it',
    });
  }
}

export function flagName({ key, flag }: Option): string {
  return flag || key.replaceAll(/[._]/g, '-');
}

/** The options as flags, for `readFlags` and for help. */
export function optionFlags(table: readonly Option[]): Flag[] {
  return table
    .filter(({ flag, type }) => flag !== false && type !== 'data')
    .map((option) => ({ ...option, name: flagName(option), refused: secretHint(option, table) }));
}

function secretHint({ key, secret, env }: Option, table: readonly Option[]): string | undefined {
  if (!secret) return undefined;
  const file = table.find((each) => each.key === `${key}_file`);
  return [
    file === undefined
      ? `Put it as "${key}" into the options file`
      : `Put it into a file, and name that with --${flagName(file)}`,
    ...(env === undefined ? [] : [`or set ${env}`]),
  ].join(', ');
}

export interface ReadArguments {
  /** By full name, in the order given; a bool flag that is set is `['true']`, `--no-x` is `['false']`. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** What followed `--`, untouched. */
  readonly rest: readonly string[] | undefined;
}

/** Splits a command line into flags and words. Throws `FLAG_UNKNOWN`, `FLAG_VALUE_MISSING`. */
export function readFlags(argv: readonly string[], known: readonly Flag[]): ReadArguments {
  const byName = new Map(known.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])].map((name) => [name, flag])));
  const byLetter = new Map(known.flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag]])));
  const flags = new Map<string, string[]>();
  const words: string[] = [];
  const add = (flag: Flag, value: string) => flags.set(flag.name, [...(flags.get(flag.name) ?? []), value]);

  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === '--') return { flags, words, rest: argv.slice(index + 1) };
    if (!token.startsWith('-') || token === '-' || /^-\d/.test(token)) {
      words.push(token);
      continue;
    }
    const [written = '', inline] = splitOnce(token, '=');
    const name = written.replace(/^--?/, '');
    const flag = written.startsWith('--') ? byName.get(name) : byLetter.get(name);
    const negated = flag ?? (name.startsWith('no-') ? byName.get(name.slice(3)) : undefined);
    if (flag === undefined && negated?.type === 'bool') add(negated, 'false');
    else if (flag === undefined) throw unknownFlag(written, byName.keys());
    else if (flag.refused !== undefined) throw secretFlag(flag.name, flag.refused);
    else if (inline !== undefined) add(flag, inline);
    else if (flag.type === 'bool') add(flag, 'true');
    else if (index + 1 < argv.length && !argv[index + 1]?.startsWith('--')) add(flag, argv[++index] as string);
    else throw missingValue(written);
  }
  return { flags, words, rest: undefined };
}

/** Flags as typed values by their camel-case names. Throws `OPTION_INVALID`. */
export function flagValues(known: readonly Flag[], given: ReadonlyMap<string, readonly string[]>) {
  const values: Record<string, unknown> = {};
  for (const flag of known) {
    const written = given.get(flag.name);
    const fallback = flag.default ?? ({ bool: false, list: [] } as Record<string, unknown>)[flag.type];
    values[camel(flag.name)] = written === undefined ? fallback : decodeFlag(flag, written);
  }
  return values;
}

export function camel(kebab: string): string {
  return kebab.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A size as people write it (`64MB`, `1.5GiB`, or a bare number of bytes) in bytes. Throws `SIZE_INVALID`. */
export function parseSize(written: string | number): number {
  const [, amount, unit = ''] = String(written).match(/^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/) ?? [];
  const factor = sizeUnits[unit.toLowerCase()];
  if (amount !== undefined && factor !== undefined) return Math.round(Number(amount) * factor);
  throw new ZesterError('usage', 'SIZE_INVALID', `Cannot read "${written}" as a size: it has no known unit`, {
    hint: 'Write a number with B, KB, MB, GB or KiB, MiB, GiB, such as "64MB"',
  });
}

/** A value of a file, a variable or a flag as its type wants it, or the sentence that says what was expected. */
function decode({ type, choices }: Kind, written: unknown): { readonly value: unknown } | { readonly wants: string } {
  const text = typeof written === 'string' ? written.trim() : undefined;
  switch (type) {
    case 'data':
      return { value: written };
    case 'string':
      return typeof written === 'string' || typeof written === 'number'
        ? { value: String(written) }
        : { wants: 'a text' };
    case 'choice':
      return choices?.includes(String(written))
        ? { value: String(written) }
        : { wants: `one of ${choices?.join(', ')}` };
    case 'int': {
      const number = text === undefined ? written : /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
      return Number.isSafeInteger(number) ? { value: number } : { wants: 'a whole number' };
    }
    case 'bool': {
      if (typeof written === 'boolean') return { value: written };
      if (/^(true|yes|on|1)$/i.test(text ?? '')) return { value: true };
      return /^(false|no|off|0)$/i.test(text ?? '') ? { value: false } : { wants: 'true or false' };
    }
    case 'duration':
    case 'size': {
      const wants = type === 'size' ? 'a size such as "64MB"' : 'a duration such as "30s" or "1h30m"';
      if (typeof written !== 'string' && typeof written !== 'number') return { wants };
      try {
        return { value: type === 'size' ? parseSize(written) : parseDuration(written) };
      } catch {
        return { wants };
      }
    }
    case 'list': {
      if (text !== undefined) return { value: text === '' ? [] : text.split(',').map((each) => each.trim()) };
      const plain = Array.isArray(written) && written.every((each) => typeof each !== 'object');
      return plain ? { value: (written as unknown[]).map(String) } : { wants: 'a list' };
    }
    case 'map':
      return typeof written === 'object' && written !== null && !Array.isArray(written)
        ? { value: written }
        : { wants: 'a map; as a flag, name=value' };
  }
}

function decodeFound(option: Option, { written, source, from, at }: Found): unknown {
  const decoded = decode(option, written);
  if ('value' in decoded) return option.read ? placed(option.read, decoded.value, at) : decoded.value;
  throw invalid(at ? `option "${option.key}"` : `"${from}"`, written, decoded.wants, {
    family: source === 'file' ? 'source' : 'usage',
    at,
  });
}

function placed(read: NonNullable<Option['read']>, value: unknown, at: Place | undefined): unknown {
  try {
    return read(value as never);
  } catch (thrown) {
    if (!isError(thrown)) throw thrown;
    const { family, code, message, hint, details } = thrown;
    throw new ZesterError(family, code, message, { at: at ?? thrown.at, hint, details, cause: thrown });
  }
}

function decodeFlag(flag: Flag, written: readonly string[]): unknown {
  const value = flagValue(flag, written);
  const decoded = decode(flag, value);
  if ('value' in decoded) return decoded.value;
  throw invalid(`"--${flag.name}"`, value, decoded.wants, { family: 'usage' });
}

/** What a repeated flag means: lists and maps grow, of the others the last counts. */
function flagValue({ type }: Kind, written: readonly string[]): unknown {
  if (type === 'list') return written.join(',');
  if (type === 'map') return mapOf(written) ?? written.join(' ');
  return written.at(-1);
}

/** `a=1`, `b=2`, `b=3` as `{a: '1', b: ['2', '3']}`; nothing when one has no key or no value. */
function mapOf(written: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const values = new Map<string, string[]>();
  for (const each of written) {
    const [key, value] = splitOnce(each, '=');
    if (key === '' || value === undefined || value === '') return undefined;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return Object.fromEntries([...values].map(([key, all]) => [key, all.length === 1 ? all[0] : all]));
}

async function fileValues(
  table: readonly Option[],
  { path, text }: { readonly path: string; readonly text: string },
  warnings: string[],
): Promise<Map<string, Found>> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeOf = (offset = 0): Place => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line, column: col };
  };
  const broken = document.errors[0];
  if (broken) throw fileSyntax(path, broken.message, placeOf(broken.pos[0]));

  const names = new Map(
    table.flatMap((option) => [option.key, ...(option.formerly ?? [])].map((name) => [name, option])),
  );
  const found = new Map<string, Found>();
  const walk = (node: unknown, prefix: string) => {
    if (!isMap(node)) throw fileSyntax(path, `"${prefix.slice(0, -1) || 'the file'}" is not a map`, placeOf(0));
    for (const { key, value } of node.items) {
      const offset = isScalar(key) ? key.range?.[0] : undefined;
      const name = `${prefix}${String(isScalar(key) ? key.value : key)}`;
      const option = names.get(name);
      const at = placeOf((value as { range?: [number] } | null)?.range?.[0] ?? offset);
      if (option) {
        if (name !== option.key) warnings.push(`${placeText(placeOf(offset))}: "${name}" is now "${option.key}"`);
        const written = (value as { toJS(document: unknown): unknown } | null)?.toJS(document);
        // A key without a value is a key left out.
        if (written !== null && written !== undefined)
          found.set(option.key, { written, source: 'file', from: path, at });
      } else if (isMap(value) && [...names.keys()].some((each) => each.startsWith(`${name}.`))) {
        walk(value, `${name}.`);
      } else {
        throw unknownOption(name, names.keys(), placeOf(offset));
      }
    }
  };
  if (document.contents !== null) walk(document.contents, '');
  return found;
}

function splitOnce(text: string, separator: string): [string, string] | [string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function unknownOption(key: string, known: Iterable<string>, at: Place): ZesterError {
  return new ZesterError('source', 'OPTION_UNKNOWN', `Cannot use the option "${key}": there is no such option`, {
    at,
    hint: didYouMean(key, known) ?? 'Remove it, or look it up in the options reference',
  });
}

function unknownFlag(written: string, known: Iterable<string>): ZesterError {
  const near = didYouMean(
    `--${written.replace(/^--?/, '')}`,
    [...known].map((each) => `--${each}`),
  );
  return new ZesterError('usage', 'FLAG_UNKNOWN', `Cannot use "${written}": there is no such flag`, {
    hint: near ?? 'Run it with --help for the flags it has',
  });
}

function secretFlag(name: string, hint: string): ZesterError {
  const reason = 'everybody on this machine sees the arguments of a program';
  return new ZesterError('usage', 'FLAG_SECRET', `Cannot take "--${name}" on a command line: ${reason}`, { hint });
}

function missingValue(written: string): ZesterError {
  return new ZesterError('usage', 'FLAG_VALUE_MISSING', `Cannot use "${written}": its value is missing`, {
    hint: `Write ${written} <value>`,
  });
}

function invalid(
  what: string,
  written: unknown,
  wants: string,
  { family, at }: { readonly family: 'usage' | 'source'; readonly at?: Place | undefined },
): ZesterError {
  const shown = typeof written === 'string' ? `"${written}"` : JSON.stringify(written);
  return new ZesterError(family, 'OPTION_INVALID', `Cannot set ${what} to ${shown}: it takes ${wants}`, { at });
}

function fileSyntax(path: string, reason: string, at: Place): ZesterError {
  return new ZesterError('source', 'OPTION_FILE_SYNTAX', `Cannot read the options file "${path}": ${reason}`, { at });
}
