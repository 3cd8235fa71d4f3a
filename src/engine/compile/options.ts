import { didYouMean, type Place } from '#base/errors.ts';
import { parseDuration } from '#base/time.ts';
import type { Argument } from '../document.ts';
import { engineKeywords } from '../keywords.ts';
import { isNull, itemsOf, keyText, type Node, type ScalarNode, scalar, textOf, wordOf } from '../node.ts';
import type { Problems } from '../problems.ts';
import type { CommandSurroundings, Reload, Retry, StepOptions } from '../step.ts';
import { readGuards } from './guards.ts';
import type { Draft } from './names.ts';
import type { OptionsContext } from './options-context.ts';

const truthy = ['true', 'yes', 'on', '1'];
const falsy = ['false', 'no', 'off', '0', 'none', ''];

/** What the engine itself reads of a state's arguments. */
export function readOptions(draft: Draft, context: OptionsContext): StepOptions {
  const reader = readerOf(draft, context);
  if (draft.entry.source.dialect === 'zy') verifyOrder(reader);
  const commands = readSurroundings(reader, context);
  return {
    failhard: reader.flag('failhard'),
    parallel: reader.flag('parallel') ?? false,
    retry: readRetry(draft, reader, context.problems),
    onlyif: readGuards(draft, 'onlyif', context),
    unless: readGuards(draft, 'unless', context),
    creates: reader.texts('creates').filter((path) => path !== ''),
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

function readerOf({ args, id }: Draft, { problems, takes }: OptionsContext) {
  const refuse = (key: string, at: Place, wish: string, hint = `Write "${key}" as ${wish}, or leave it out`) =>
    problems.add('STATE_OPTION_INVALID', `Cannot read "${key}" of state "${id}": it must be ${wish}`, { at, hint });
  const written = (key: string): Argument | undefined => {
    const argument = args.get(key);
    return argument === undefined || isNull(argument.value) ? undefined : argument;
  };
  return {
    refuse,
    written,
    text(key: string): string | undefined {
      const argument = written(key);
      const word = argument && wordOf(argument.value);
      const isMine = engineKeywords.has(key) && !takes(key);
      if (argument && word === undefined && isMine) refuse(key, argument.value.at, 'a text');
      return word;
    },
    flag(key: string, wish = 'true or false'): boolean | undefined {
      const argument = written(key);
      if (argument === undefined) return undefined;
      const said = wordOf(argument.value)?.toLowerCase();
      if (said !== undefined && truthy.includes(said)) return true;
      if (said === undefined || !falsy.includes(said)) refuse(key, argument.value.at, wish);
      return said !== undefined && falsy.includes(said) ? false : undefined;
    },
    texts(key: string): readonly string[] {
      const argument = written(key);
      if (argument === undefined) return [];
      const items = itemsOf(argument.value);
      const wrong = items.find((item) => wordOf(item) === undefined);
      if (wrong) refuse(key, wrong.at, 'a text, or a list of them');
      return wrong ? [] : items.flatMap((item) => wordOf(item) ?? []);
    },
    duration(key: string): number | undefined {
      const argument = written(key);
      if (argument === undefined) return undefined;
      try {
        return parseDuration(wordOf(argument.value) ?? '');
      } catch {
        refuse(key, argument.value.at, 'a span of time such as "30s"');
        return undefined;
      }
    },
  };
}

/** Salt sorts whatever it does not know like a state without an order. */
function verifyOrder({ refuse, written }: Reader) {
  const order = written('order')?.value;
  const word = order && wordOf(order);
  if (order === undefined || (word !== undefined && /^(-?\d+(\.\d+)?|-?inf|first|last)$/.test(word))) return;
  refuse('order', order.at, 'a number, "first" or "last"', word && didYouMean(word, ['first', 'last']));
}

const retryWish = 'a number of attempts, or a map of attempts, interval, splay and until';

function readRetry({ args, entry, id }: Draft, { refuse }: Reader, problems: Problems): Retry | undefined {
  const value = args.get('retry')?.value;
  if (value === undefined || isNull(value)) return undefined;
  const retry = { attempts: 2, interval: 30, splay: 0, until: true };
  // Salt honours nothing but a map: anything else is its defaults.
  if (entry.source.dialect === 'sls' && value.kind !== 'map') return retry;
  if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value ? retry : undefined;
  for (const { key, value: each } of retryEntries(value)) {
    const name = key && keyText(key);
    const number = each.kind === 'scalar' && !isNull(each) ? Number(wordOf(each)) : Number.NaN;
    const isAmount = name === 'attempts' || name === 'interval' || name === 'splay';
    if (isAmount && number >= 0 && Number.isFinite(number)) retry[name] = number;
    else if (isAmount && value.kind !== 'scalar') refuse(`retry.${name}`, each.at, 'a number from 0 up');
    else if (name === 'until' && each.kind === 'scalar' && typeof each.value === 'boolean') retry.until = each.value;
    else if (name === 'until') refuse('retry.until', each.at, 'true or false');
    else if (key === undefined || isAmount) refuse('retry', each.at, retryWish);
    else {
      problems.add('STATE_OPTION_INVALID', `Cannot read "retry" of state "${id}": it has no "${name}"`, {
        at: key.at,
        hint: didYouMean(keyText(key), Object.keys(retry)) ?? `Write "retry" as ${retryWish}`,
      });
    }
  }
  return retry;
}

/** What is written of it, one by one; a bare number means attempts. */
function retryEntries(value: Node): readonly RetryEntry[] {
  if (value.kind === 'scalar') return [{ key: scalar('attempts', value.at), value }];
  return itemsOf(value).flatMap((item): readonly RetryEntry[] =>
    item.kind === 'map' ? item.entries : [{ key: undefined, value: item }],
  );
}

interface RetryEntry {
  readonly key: ScalarNode | undefined;
  readonly value: Node;
}

function readSurroundings(reader: Reader, { takes }: OptionsContext): CommandSurroundings {
  // That of a state which runs no commands is something else: the login shell of a user, who may have none.
  const shell = takes('shell') && !takes('runas') ? undefined : reader.text('shell');
  const excluded = new Set(reader.texts('cmd_opts_exclude'));
  const text = (key: string) => (excluded.has(key) ? undefined : reader.text(key));
  const [cwd, user, umask] = [text('cwd'), text('runas'), text('umask')];
  const env = excluded.has('env') ? undefined : environment(reader.written('env'));
  const timeoutMs = excluded.has('timeout') ? undefined : reader.duration('timeout');
  const prependPath = text('prepend_path');
  const codes = excluded.has('success_retcodes') ? [] : reader.texts('success_retcodes');
  if (umask !== undefined && !/^[0-7]{1,4}$/.test(umask)) {
    const at = reader.written('umask')?.value.at;
    if (at) reader.refuse('umask', at, 'octal digits such as "077"');
  }
  return {
    shell: (excluded.has('shell') ? undefined : shell) ?? '/bin/sh',
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(umask === undefined ? {} : { umask: Number.parseInt(umask, 8) }),
    ...(env === undefined ? {} : { env }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(prependPath === undefined ? {} : { prependPath }),
    ...(codes.length === 0 ? {} : { successCodes: codes.map(Number) }),
  };
}

/** A map, a list of one-key maps, or a list of `NAME=value`. */
function environment(argument: Argument | undefined): Readonly<Record<string, string>> | undefined {
  if (argument === undefined) return undefined;
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
  return reader.flag('fire_event', 'true, false or a tag') ? id : undefined;
}
