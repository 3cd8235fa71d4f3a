import * as z from 'zod';
import { Duration, StringList } from '#kit/types.ts';

/** One state, by `module: id or name` (globs too), by `sls: file`, or by its id or name alone. */
const Reference = z.union([z.string(), z.record(z.string(), z.unknown())]);
const References = z.union([Reference, z.array(Reference)]);

const Conditions = z.union([
  z.boolean(),
  z.string(),
  z.array(z.union([z.boolean(), z.string(), z.looseObject({ fun: z.string(), get_return: z.string().optional() })])),
]);

const Retry = z.union([
  z.boolean(),
  z.int(),
  z.strictObject({
    attempts: z.int().optional().describe('How often to try, the first time included'),
    interval: z.number().optional().describe('Seconds between two tries'),
    splay: z.number().optional().describe('At most so many random seconds more'),
    until: z.boolean().optional().describe('The result that ends it'),
  }),
]);

const references = (text: string) =>
  References.optional().describe(text).meta({ word: 'list of states', decode: 'list' });

/**
 * What any state may carry beside its own arguments; the engine reads it. Described once: the schema of state files, the
 * reference and `zester explain` are made of this.
 */
export const commonArguments = z.object({
  require: references('States that must have succeeded before; when one fails, this one does not run'),
  require_any: references('Like require, but one of them is enough'),
  require_in: references('States that require this one'),
  watch: references('Like require; and when one of them changed, this state is refreshed: a service restarts'),
  watch_any: references('Like watch, but one of them having succeeded is enough'),
  watch_in: references('States that watch this one'),
  onchanges: references('Run only when one of these changed something, and none of them failed'),
  onchanges_any: references('Like onchanges, but those that failed do not count'),
  onchanges_in: references('States that run only when this one changed something'),
  onfail: references('Run only when one of these failed'),
  onfail_any: references('Run only when one of these failed'),
  onfail_all: references('Run only when all of these failed'),
  onfail_in: references('States that run only when this one failed'),
  prereq: references('Run before these, and only when one of them is going to change something'),
  prereq_in: references('States that run before this one, and only when it is going to change something'),
  listen: references('When everything else is done and one of these changed, refresh this state, once'),
  listen_in: references('States that are refreshed at the end when this one changed'),
  use: references('Take over arguments of these states that are not written here; names and requisites stay'),
  use_in: references('States that take over the arguments of this one'),
  name: z.string().optional().describe('What the state is about; its id when left out'),
  names: z
    .array(z.unknown())
    .optional()
    .describe('Makes one state of each name; a name may be a map of itself and of arguments for it alone')
    .meta({ instead: true }),
  order: z
    .union([z.number(), z.enum(['first', 'last'])])
    .optional()
    .describe('Where it runs: a number, "first", "last"; negative counts from the end. Requisites win over it'),
  failhard: z.boolean().optional().describe('Whether its failure ends the run'),
  onlyif: Conditions.optional()
    .describe('Run only when all of these commands, or functions with "fun", say yes')
    .meta({ word: 'command, {fun: …}, or list of them', decode: 'command' }),
  unless: Conditions.optional()
    .describe('Run unless all of these commands, or functions with "fun", say yes')
    .meta({ word: 'command, {fun: …}, or list of them', decode: 'command' }),
  creates: StringList.optional().describe('Do not run when all of these paths exist'),
  check_cmd: StringList.optional()
    .describe('Commands that decide afterwards whether it succeeded')
    .meta({ decode: 'command' }),
  retry: Retry.optional()
    .describe('Try again when it fails: true (2 times, 30 seconds apart), a number, or a map')
    .meta({ word: 'true, a number, or {attempts, interval, splay, until}' }),
  parallel: z.boolean().optional().describe('In an .sls run: do not wait for it. A .zy run is parallel by itself'),
  timeout: Duration.optional().describe('Stop it after this long, "30s", and count it as failed'),
  runas: z.string().optional().describe('User that its commands and conditions run as'),
  umask: z.union([z.string(), z.int()]).optional().describe('Umask of its commands: "077"'),
  fire_event: z
    .union([z.boolean(), z.string()])
    .optional()
    .describe('Send an event with its outcome: true, or the end of the tag'),
  reload_modules: z.boolean().optional().describe('Read modules anew after it changed something'),
  reload_grains: z.boolean().optional().describe('Read facts anew after it changed something'),
  reload_pillar: z.boolean().optional().describe('Read settings anew after it changed something'),
});
