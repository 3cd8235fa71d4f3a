import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { readJson } from '#base/written.ts';
import { isMap, merged } from '#kit/data-lookup.ts';
import { AnyMap } from '#kit/types.ts';
import type { ApplyRequest, RunScope } from '../engine.ts';
import type { StateFunctionContext } from './state-function.ts';

/** Names of state files: a list, or one text with commas. */
const References = z
  .union([z.string(), z.array(z.string())])
  .transform((written) => [written].flat().flatMap((each) => each.split(',').map((ref) => ref.trim())))
  .transform((refs) => refs.filter((ref) => ref !== ''));

const mods = References.optional()
  .describe('State files to apply, such as "web,db.master"; the top file decides when none is given')
  .meta({ primary: true, aliases: ['state', 'sls'], decode: 'list' });

export const requiredMods = References.describe('State files, such as "web,db.master"').meta({
  primary: true,
  aliases: ['state', 'sls'],
  decode: 'list',
});

/** What decides how templates of a run read. */
export const reading = {
  pillar: z
    .union([AnyMap, z.string()])
    .optional()
    .describe('Settings for this run, merged over the own ones of the peel: {"site": "shop"}')
    .meta({ aliases: ['settings'] }),
  saltenv: z
    .string()
    .nullish()
    .describe('Environment to take state files from; for a highstate the only one that is applied')
    .meta({ aliases: ['env', 'environment'] }),
};

export const exclude = z
  .unknown()
  .optional()
  .describe('State files, globs too, or {id: …}, that are left out: "web.debug", [{id: motd}]');

export const test = z.boolean().optional().describe('Plan only: say what would change, and change nothing');

/** How a run waits for another. The peel reads these before it starts one; here they are only known. */
export const waiting = {
  queue: z
    .union([z.boolean(), z.int().min(0)])
    .optional()
    .describe(
      'Whether to wait for a run that is at work: false refuses at once, a number waits behind at most so many',
    ),
  concurrent: z
    .boolean()
    .optional()
    .describe('Run beside another run: only when it is certain that the two touch different things'),
};

export const limit = z.int().positive().optional().describe('How many states of a graph run at once');

/** Arguments of everything that applies state files. */
export const common = { ...reading, ...waiting, exclude, limit, test };

/** State files, or the top file's. */
export const Files = z.object({ mods, ...common });
export type Files = z.output<typeof Files>;

interface CommonValues {
  readonly pillar?: unknown;
  readonly saltenv?: string | null | undefined;
  readonly exclude?: unknown;
  readonly limit?: number | undefined;
  readonly test?: boolean | undefined;
}

export function requestOf(args: CommonValues, context: StateFunctionContext): ApplyRequest {
  const { machine, signal, reload } = context;
  const isTest = args.test ?? context.test ?? false;
  return {
    machine,
    scope: overridden(context.scopeFor(isTest), args.pillar),
    signal,
    reload,
    test: isTest,
    env: args.saltenv ?? context.env,
    exclude: exclusionsOf(args.exclude),
    limit: args.limit ?? context.limit,
  };
}

function exclusionsOf(value: unknown): NonNullable<ApplyRequest['exclude']> {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : String(value).split(',');
  return items.flatMap((item): (string | { readonly id: string })[] => {
    if (typeof item !== 'object' || item === null) return [String(item).trim()].filter((ref) => ref !== '');
    if ('id' in item) return [{ id: String(item.id) }];
    if ('sls' in item) return [String(item.sls)];
    throw new ZesterError('usage', 'EXCLUDE_ARGUMENT', `Cannot exclude ${JSON.stringify(item)}: it names nothing`, {
      hint: 'Write the name of a state file, {sls: name} or {id: id}',
    });
  });
}

/** Settings given with the job, merged over the peel's own. */
function overridden(scope: RunScope, override: unknown): RunScope {
  if (override === undefined || override === null) return scope;
  const given: unknown = typeof override === 'string' ? parsed(override) : override;
  if (isMap(given)) return { ...scope, settings: merged(isMap(scope.settings) ? scope.settings : {}, given) };
  throw new ZesterError('usage', 'SETTINGS_INVALID', 'Cannot override settings: what is given is not a map', {
    hint: 'Write it as JSON: pillar=\'{"key": "value"}\'',
  });
}

function parsed(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}
