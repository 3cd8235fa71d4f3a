import { isError } from '#base/errors.ts';
import { Numeral } from '#base/numeral.ts';
import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import type { SkipReason } from '#wire/outcome.ts';
import type { CommandSurroundings, Guard, Step, StepOptions } from '../step.ts';

export interface Skip {
  readonly reason: SkipReason;
  readonly comment: string;
  /** The conditions that decided it, as people wrote them. */
  readonly condition: string;
  /** Why a command of them could not even start: by the time a plan is for, that may have changed. */
  readonly error?: Error | undefined;
}

/**
 * Why a state's own conditions keep it from running; undefined when they let it. In a plan they are asked of the machine
 * as it will be. A command that cannot even start is an error; in Salt's files it keeps the state from running.
 */
export async function guarded({ options, dialect }: Step, context: Context): Promise<Skip | undefined> {
  const { onlyif, unless, creates, commands } = options;
  const said: (Skip & { readonly skips: boolean })[] = [];
  const asking = (unstarted: boolean) => {
    const failed: { error?: Error } = {};
    const ask = async (guard: Guard) => {
      try {
        return await holdsTrue(guard, commands, context);
      } catch (thrown) {
        if (dialect !== 'sls' || !isUnstarted(thrown)) throw thrown;
        failed.error = thrown;
        return unstarted;
      }
    };
    return { ask, failed };
  };
  if (onlyif) {
    const { ask, failed } = asking(false);
    const no = await firstWithout(onlyif, ask);
    const comment = `onlyif condition is ${no ? 'false' : 'true'}`;
    const condition = no ? guardText(no, failed.error) : '';
    said.push({ skips: no !== undefined, reason: 'onlyif_not_met', comment, condition, error: failed.error });
  }
  if (unless) {
    const { ask, failed } = asking(true);
    const holds = unless.length > 0 && (await firstWithout(unless, ask)) === undefined;
    const comment = `unless condition is ${holds ? 'true' : 'false'}`;
    const condition = unless.map((guard) => guardText(guard, failed.error)).join(' and ');
    said.push({ skips: holds, reason: 'unless_met', comment, condition, error: failed.error });
  }
  if (creates.length > 0) {
    const holds =
      (await firstWithout(creates, async (path) => (await context.files.stat(path)) !== undefined)) === undefined;
    const comment = creates.length === 1 ? `${creates[0]} exists` : 'All files in creates exist';
    const told = holds ? comment : 'not all files in creates exist';
    said.push({ skips: holds, reason: 'creates_met', comment: told, condition: creates.join(', ') });
  }
  const skip = said.find(({ skips }) => skips);
  return skip && { ...skip, comment: said.map(({ comment }) => comment).join('\n') };
}

/** A condition as it was written, and why its command could not be run. */
function guardText(guard: Guard, error?: Error): string {
  if (guard.kind === 'constant') return String(guard.holds);
  if (guard.kind === 'command') return `${guard.command.trim()}${error === undefined ? '' : ` (${error.message})`}`;
  const named = Object.entries(guard.named).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const args = [...guard.positional.map((value) => JSON.stringify(value)), ...named].join(' ');
  return `${guard.name} ${args}${guard.getReturn === undefined ? '' : `, its ${guard.getReturn}`}`.trim();
}

/** Whether a command decides if it runs, rather than what is written. */
export function asksCommands({ onlyif = [], unless = [] }: StepOptions): boolean {
  return [...onlyif, ...unless].some((guard) => guard.kind === 'command' && !/^(true|false|:)$/.test(guard.command));
}

/** The first that does not hold; none after it is asked. */
async function firstWithout<T>(each: readonly T[], holds: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of each) if (!(await holds(item))) return item;
  return undefined;
}

async function holdsTrue(guard: Guard, surroundings: CommandSurroundings, context: Context): Promise<boolean> {
  if (guard.kind === 'constant') return guard.holds;
  if (guard.kind === 'command') return saysYes(guard.command, surroundings, context);
  const value = await context.call(guard.name, guard.named, guard.positional);
  return isTrue(guard.getReturn === undefined ? value : lookup(value, guard.getReturn));
}

const unstartedCodes = ['COMMAND_DIRECTORY_UNKNOWN', 'COMMAND_UNKNOWN', 'COMMAND_DENIED', 'USER_UNKNOWN'];

function isUnstarted(thrown: unknown): thrown is Error {
  return unstartedCodes.some((code) => isError(thrown, code));
}

/** Whether a command line ends as one that succeeded. */
export async function saysYes(command: string, surroundings: CommandSurroundings, context: Context): Promise<boolean> {
  const { shell, successCodes = [], ...options } = surroundings;
  const { code } = await context.commands.run([shell, '-c', command], {
    ...options,
    output: 'hidden',
    signal: context.signal,
  });
  return code === 0 || successCodes.includes(code);
}

/** Truth as Python has it: empty things, zero and nothing are false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Numeral) return value.valueOf() !== 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
