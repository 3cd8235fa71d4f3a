import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import type { SkipReason } from '#wire/outcome.ts';
import type { CommandSurroundings, Guard, StepOptions } from '../step.ts';

export interface Skip {
  readonly reason: SkipReason;
  readonly comment: string;
}

/** Why a state's own conditions keep it from running; undefined when they let it. In a plan they are asked of the machine as it will be. */
export async function guarded(options: StepOptions, context: Context): Promise<Skip | undefined> {
  const { onlyif, unless, creates, commands } = options;
  const said: { readonly skips: boolean; readonly reason: SkipReason; readonly comment: string }[] = [];
  if (onlyif) {
    const holds = await all(onlyif, (guard) => holdsTrue(guard, commands, context));
    said.push({ skips: !holds, reason: 'onlyif_not_met', comment: `onlyif condition is ${holds ? 'true' : 'false'}` });
  }
  if (unless) {
    const holds = unless.length > 0 && (await all(unless, (guard) => holdsTrue(guard, commands, context)));
    said.push({ skips: holds, reason: 'unless_met', comment: `unless condition is ${holds ? 'true' : 'false'}` });
  }
  if (creates.length > 0) {
    const holds = await all(creates, async (path) => (await context.files.stat(path)) !== undefined);
    const comment = creates.length === 1 ? `${creates[0]} exists` : 'All files in creates exist';
    said.push({ skips: holds, reason: 'creates_met', comment: holds ? comment : 'not all files in creates exist' });
  }
  const skip = said.find(({ skips }) => skips);
  return skip && { reason: skip.reason, comment: said.map(({ comment }) => comment).join('\n') };
}

/** Whether a command decides if it runs, rather than what is written. */
export function asksCommands({ onlyif = [], unless = [] }: StepOptions): boolean {
  return [...onlyif, ...unless].some((guard) => guard.kind === 'command' && !/^(true|false|:)$/.test(guard.command));
}

/** One after another, and no further than the first that does not hold. */
async function all<T>(each: readonly T[], holds: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of each) if (!(await holds(item))) return false;
  return true;
}

async function holdsTrue(guard: Guard, surroundings: CommandSurroundings, context: Context): Promise<boolean> {
  if (guard.kind === 'constant') return guard.holds;
  if (guard.kind === 'command') return saysYes(guard.command, surroundings, context);
  const value = await context.call(guard.name, guard.named, guard.positional);
  return isTrue(guard.getReturn === undefined ? value : lookup(value, guard.getReturn));
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
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
