import type { Context } from '#kit/context.ts';
import { lookup } from '#kit/data-lookup.ts';
import type { SkipReason } from '#wire/outcome.ts';
import type { CommandSurroundings, Guard, StepOptions } from '../step.ts';

export interface Skip {
  readonly reason: SkipReason;
  readonly comment: string;
  /** The conditions that decided it, as people wrote them. */
  readonly condition: string;
}

/** Why a state's own conditions keep it from running; undefined when they let it. In a plan they are asked of the machine as it will be. */
export async function guarded(options: StepOptions, context: Context): Promise<Skip | undefined> {
  const { onlyif, unless, creates, commands } = options;
  const said: (Skip & { readonly skips: boolean })[] = [];
  const asks = (guard: Guard) => holdsTrue(guard, commands, context);
  if (onlyif) {
    const no = await firstWithout(onlyif, asks);
    const comment = `onlyif condition is ${no ? 'false' : 'true'}`;
    said.push({ skips: no !== undefined, reason: 'onlyif_not_met', comment, condition: no ? guardText(no) : '' });
  }
  if (unless) {
    const holds = unless.length > 0 && (await firstWithout(unless, asks)) === undefined;
    const comment = `unless condition is ${holds ? 'true' : 'false'}`;
    said.push({ skips: holds, reason: 'unless_met', comment, condition: unless.map(guardText).join(' and ') });
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

function guardText(guard: Guard): string {
  if (guard.kind === 'constant') return String(guard.holds);
  if (guard.kind === 'command') return guard.command.trim();
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
