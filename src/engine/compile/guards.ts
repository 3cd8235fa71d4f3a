import { asError, type Place, withPlace } from '#base/errors.ts';
import { ArgumentErrors, decodeArguments, type RawArguments, rawArguments } from '#kit/arguments.ts';
import { functionUnknown, type ModuleFunction } from '#kit/function.ts';
import { entryOf, isNull, itemsOf, keyText, type MapNode, type Node, plainOf, textOf, wordOf } from '../node.ts';
import type { Guard } from '../step.ts';
import type { Draft } from './names.ts';
import type { OptionsContext } from './options-context.ts';

/** The conditions of a state under one keyword; undefined when it is not written. Their functions and arguments are checked. */
export function readGuards(
  { id, args, entry }: Draft,
  key: 'onlyif' | 'unless',
  { registry, problems, late }: OptionsContext,
): readonly Guard[] | undefined {
  const argument = args.get(key);
  if (argument === undefined) return undefined;
  const refuse = (at: Place) =>
    problems.add(
      'STATE_OPTION_INVALID',
      `Cannot read "${key}" of state "${id}": it must be commands, or maps with a "fun"`,
      {
        at,
        hint: `Write "${key}" as commands, or maps with a "fun", or leave it out`,
      },
    );
  const items = itemsOf(argument.value);
  return (entry.source.dialect === 'sls' ? readBySalt(items, key) : items).flatMap((item): Guard[] => {
    const constant = constantOf(item);
    if (constant !== undefined) return [{ kind: 'constant', holds: constant }];
    const word = wordOf(item);
    if (word !== undefined) return [{ kind: 'command', command: word }];
    if (item.kind === 'map') {
      const guard = readFunction(item);
      if (guard === undefined) refuse(entryOf(item, 'fun')?.at ?? item.at);
      else if (!late) verifyFunction(guard, item, { registry, problems });
      return guard ? [guard] : [];
    }
    if (!isNull(item)) refuse(item.at);
    return [];
  });
}

/** Salt gives up at a condition that is neither text nor a map, such as a number: the state then runs. */
function readBySalt(items: readonly Node[], key: 'onlyif' | 'unless'): readonly Node[] {
  const isRead = (item: Node) => item.kind === 'map' || textOf(item) !== undefined || constantOf(item) !== undefined;
  const unread = items.findIndex((item) => !isRead(item));
  if (unread < 0) return items;
  if (key === 'onlyif') return items.slice(0, unread);
  const last = items.at(-1);
  return last && isRead(last) ? items.filter(isRead) : [];
}

/** A bare `true` or `false`, mostly what a template made of a setting. Salt passes over it; it can only have been meant. */
function constantOf(item: Node): boolean | undefined {
  return item.kind === 'scalar' && typeof item.value === 'boolean' ? item.value : undefined;
}

type FunctionGuard = Extract<Guard, { kind: 'function' }>;

function readFunction(item: MapNode): FunctionGuard | undefined {
  const { fun, args = [], get_return: getReturn, ...named } = plainOf(item) as Record<string, unknown>;
  if (typeof fun !== 'string') return undefined;
  return {
    kind: 'function',
    name: fun,
    positional: Array.isArray(args) ? args : [args],
    named,
    getReturn: typeof getReturn === 'string' ? getReturn : undefined,
  };
}

function verifyFunction(guard: FunctionGuard, item: MapNode, context: Pick<OptionsContext, 'registry' | 'problems'>) {
  const { registry, problems } = context;
  const called = registry.functions.get(guard.name);
  if (called === undefined) {
    problems.addError(withPlace(functionUnknown(guard.name, registry), entryOf(item, 'fun')?.at ?? item.at));
    return;
  }
  try {
    decodeArguments(called.name, called.args, placedArguments(called, guard, item));
  } catch (thrown) {
    const error = asError(thrown);
    const at = entryOf(item, 'args')?.at ?? item.at;
    for (const each of error instanceof ArgumentErrors ? error.errors : [error]) problems.addError(withPlace(each, at));
  }
}

function placedArguments({ args }: ModuleFunction, { named, positional }: FunctionGuard, item: MapNode): RawArguments {
  const places = new Map(
    item.entries.map(({ key, value }) => [keyText(key), keyText(key) in args.shape ? value.at : key.at]),
  );
  const raw = rawArguments(args, named, positional);
  const values = [...raw.values].map(([key, argument]) => [key, { ...argument, at: places.get(key) }] as const);
  return { ...raw, values: new Map(values) };
}
