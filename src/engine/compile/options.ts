import { didYouMean } from '#base/errors.ts';
import { parseDuration } from '#base/time.ts';
import type { Argument } from '../document.ts';
import { isNull, itemsOf, plainOf, textOf, wordOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import type { CommandSurroundings, Guard, Reload, Retry, StepOptions } from '../step.ts';
import type { Draft } from './names.ts';

const truthy = ['true', 'yes', 'on', '1'];
const falsy = ['false', 'no', 'off', '0', 'none', ''];

export interface OptionsContext {
  readonly problems: Problems;
  /** Arguments that are the module's own business: the engine then keeps away from them. */
  readonly takes: (key: string) => boolean;
  readonly functions: { has(name: string): boolean; keys(): Iterable<string> };
  readonly late: boolean;
}

/** What the engine itself reads of a state's arguments. */
export function readOptions(draft: Draft, context: OptionsContext): StepOptions {
  const reader = readerOf(draft, context);
  const shell = reader.text('shell') ?? '/bin/sh';
  const commands = readSurroundings(reader, shell);
  return {
    failhard: reader.flag('failhard'),
    parallel: reader.flag('parallel') ?? false,
    retry: readRetry(draft, reader),
    onlyif: readGuards(draft, 'onlyif', context, reader),
    unless: readGuards(draft, 'unless', context, reader),
    creates: reader.texts('creates'),
    checkCommands: context.takes('check_cmd') ? [] : reader.texts('check_cmd'),
    commands,
    imposed: {
      ...(commands.user === undefined || context.takes('runas') ? {} : { user: commands.user }),
      ...(commands.umask === undefined || context.takes('umask') ? {} : { umask: commands.umask }),
    },
    timeoutMs: context.takes('timeout') ? undefined : reader.duration('timeout'),
    fireEvent: readEvent(draft, reader),
    reload: (['modules', 'facts', 'settings'] as const).filter((each) => reader.flag(reloadKeys[each])),
  };
}

const reloadKeys: Readonly<Record<Reload, string>> = {
  modules: 'reload_modules',
  facts: 'reload_grains',
  settings: 'reload_pillar',
};

type Reader = ReturnType<typeof readerOf>;

function readerOf({ args, id }: Draft, { problems }: OptionsContext) {
  const refuse = ({ key, value }: Argument, wish: string) =>
    problems.add('OPTION_INVALID', `Cannot read "${key}" of state "${id}": it must be ${wish}`, {
      at: value.at,
      hint: `Write "${key}" as ${wish}, or leave it out`,
    });
  const word = (key: string) => {
    const argument = args.get(key);
    return argument && wordOf(argument.value);
  };
  return {
    refuse,
    argument: (key: string) => args.get(key),
    text: word,
    flag(key: string): boolean | undefined {
      const argument = args.get(key);
      if (argument === undefined || isNull(argument.value)) return undefined;
      const said = wordOf(argument.value)?.toLowerCase();
      if (said !== undefined && truthy.includes(said)) return true;
      if (said !== undefined && falsy.includes(said)) return false;
      refuse(argument, 'true or false');
      return undefined;
    },
    texts(key: string): readonly string[] {
      const argument = args.get(key);
      if (argument === undefined || isNull(argument.value)) return [];
      const found = itemsOf(argument.value).map(wordOf);
      if (found.every((each) => each !== undefined)) return found;
      refuse(argument, 'a text, or a list of them');
      return [];
    },
    duration(key: string): number | undefined {
      const argument = args.get(key);
      const said = argument && wordOf(argument.value);
      if (argument === undefined || isNull(argument.value)) return undefined;
      try {
        return parseDuration(said ?? '');
      } catch {
        refuse(argument, 'a span of time such as "30s"');
        return undefined;
      }
    },
  };
}

function readRetry({ args, entry }: Draft, { refuse }: Reader): Retry | undefined {
  const argument = args.get('retry');
  if (argument === undefined || isNull(argument.value)) return undefined;
  const defaults = { attempts: 2, interval: 30, splay: 0, until: true };
  const value = plainOf(argument.value);
  // Salt honours nothing but a map: anything else is its defaults.
  if (entry.source.dialect === 'sls' && (typeof value !== 'object' || Array.isArray(value))) return defaults;
  if (value === true) return defaults;
  if (value === false) return undefined;
  const written: unknown = Array.isArray(value) ? Object.assign({}, ...value) : value;
  const asked = typeof written === 'object' ? (written as Record<string, unknown>) : { attempts: written };
  const retry = { ...defaults };
  for (const [key, each] of Object.entries(asked)) {
    const number = Number(each);
    if (key === 'until' && typeof each === 'boolean') retry.until = each;
    else if ((key === 'attempts' || key === 'interval' || key === 'splay') && Number.isFinite(number) && number >= 0)
      retry[key] = number;
    else refuse(argument, 'a number of attempts, or a map of attempts, interval, splay and until');
  }
  return retry;
}

function readGuards(
  draft: Draft,
  key: 'onlyif' | 'unless',
  context: OptionsContext,
  { refuse }: Reader,
): readonly Guard[] | undefined {
  const argument = draft.args.get(key);
  if (argument === undefined) return undefined;
  const guards: Guard[] = [];
  for (const item of isNull(argument.value) ? [] : itemsOf(argument.value)) {
    const word = wordOf(item);
    if (word !== undefined) guards.push({ kind: 'command', command: guardCommand(word) });
    else if (item.kind === 'map') {
      const { fun, args = [], get_return: getReturn, ...named } = plainOf(item) as Record<string, unknown>;
      if (typeof fun !== 'string') {
        refuse({ ...argument, value: item }, 'commands, or maps with a "fun"');
        continue;
      }
      if (!context.functions.has(fun) && !context.late) {
        context.problems.add(
          'FUNCTION_UNKNOWN',
          `Cannot check "${key}" of state "${draft.id}": no function is named "${fun}"`,
          {
            at: item.at,
            hint: didYouMean(fun, context.functions.keys()),
          },
        );
      }
      const positional = Array.isArray(args) ? args : [args];
      guards.push({
        kind: 'function',
        name: fun,
        positional,
        named,
        getReturn: typeof getReturn === 'string' ? getReturn : undefined,
      });
    }
  }
  return guards;
}

/** YAML reads a bare `true` as a boolean, where its author meant the command. */
function guardCommand(word: string): string {
  return word === 'True' || word === 'False' ? word.toLowerCase() : word;
}

function readSurroundings(reader: Reader, shell: string): CommandSurroundings {
  const excluded = new Set(reader.texts('cmd_opts_exclude'));
  const text = (key: string) => (excluded.has(key) ? undefined : reader.text(key));
  const [cwd, user, umask] = [text('cwd'), text('runas'), text('umask')];
  const env = excluded.has('env') ? undefined : environment(reader.argument('env'));
  const timeoutMs = excluded.has('timeout') ? undefined : reader.duration('timeout');
  if (umask !== undefined && !/^[0-7]{1,4}$/.test(umask)) {
    const argument = reader.argument('umask');
    if (argument) reader.refuse(argument, 'octal digits such as "077"');
  }
  return {
    shell: excluded.has('shell') ? '/bin/sh' : shell,
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(umask === undefined ? {} : { umask: Number.parseInt(umask, 8) }),
    ...(env === undefined ? {} : { env }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** A map, a list of one-key maps, or a list of `NAME=value`. */
function environment(argument: Argument | undefined): Readonly<Record<string, string>> | undefined {
  if (argument === undefined || isNull(argument.value)) return undefined;
  const pairs = itemsOf(argument.value).flatMap((item): [string, string][] => {
    const [name, ...rest] = textOf(item)?.split('=') ?? [];
    if (name !== undefined) return [[name, rest.join('=')]];
    return item.kind === 'map' ? item.entries.map(({ key, value }) => [String(key.value), wordOf(value) ?? '']) : [];
  });
  return Object.fromEntries(pairs);
}

function readEvent({ id, args }: Draft, reader: Reader): string | undefined {
  const argument = args.get('fire_event');
  const tag = argument && textOf(argument.value);
  if (tag !== undefined) return tag;
  return reader.flag('fire_event') ? id : undefined;
}
