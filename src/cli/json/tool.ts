import * as z from 'zod/mini';
import { DoctorCheck } from '#wire/doctor.ts';
import { from, took } from '#wire/json/shape.ts';
import { Explained } from './jobs.ts';

export const Ping = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      warn: z.optional(z.boolean()),
      detail: z.string(),
      hint: z.optional(z.string()),
    }),
  ),
  took_ms: took,
});

export const Doctor = z.object({
  ok: z.boolean(),
  problems: z.int(),
  warnings: z.int(),
  checks: z.array(DoctorCheck),
});

export const Version = z.object({ version: z.string(), commit: z.string(), built: z.string() });

export const Configuration = z.object({
  file: z.optional(z.string()),
  context: z.optional(z.string()),
  options: z.array(
    z.object({
      key: z.string(),
      /** As it is meant after the door: durations are milliseconds, sizes bytes. */
      value: z.optional(z.unknown()),
      source: z.enum(['default', 'file', 'environment', 'flag', 'unset']),
      from: z.optional(z.string()),
    }),
  ),
});

export const Contexts = z.array(
  z.object({
    name: z.string(),
    servers: z.array(z.string()),
    creds: z.optional(z.string()),
    ca: z.optional(z.string()),
    /** Whether it is the one that counts now. */
    current: z.boolean(),
  }),
);

export const Context = z.object({
  context: z.optional(z.string()),
  file: z.optional(z.string()),
  servers: z.array(z.string()),
  creds: z.optional(z.string()),
  ca: z.optional(z.string()),
  timeout_ms: z.optional(from('timeout', z.number())),
});

export const UsedContext = z.object({
  context: z.string(),
  file: z.string(),
  before: z.optional(z.string()),
  overruled_by: z.optional(z.string()),
});

export const Completion = z.object({ shell: z.string(), script: z.string() });

/** A schema is what it is. */
export const Schema = z.record(z.string(), z.unknown());

const Argument = z.looseObject({
  name: z.string(),
  type: z.string(),
  description: z.string(),
  required: z.boolean(),
  /** The default in a `.sls` file, where it is another. */
  in_salt: z.optional(z.unknown()),
});

const Module = z.looseObject({
  name: z.string(),
  kind: z.enum(['state', 'function']),
  summary: z.string(),
  args: z.array(Argument),
  examples: z.array(z.looseObject({ title: z.string(), args: z.record(z.string(), z.unknown()) })),
  notes: z.array(z.string()),
  changes: z.boolean(),
});

/** One state or function, or all under a name. */
export const Documentation = z.union([z.array(Module), Module]);

const Explanation = z.looseObject({
  kind: z.enum(['module', 'argument', 'common', 'fact', 'error', 'rule']),
});

/** What a word means, or why a state did what it did. */
export const Explanations = z.union([z.array(Explained), z.array(Explanation)]);

const Flag = z.looseObject({ name: z.string(), summary: z.string(), type: z.string() });

const Command = z.object({
  name: z.string(),
  aliases: z.array(z.string()),
  summary: z.string(),
  notes: z.array(z.string()),
  positionals: z.array(z.looseObject({ name: z.string(), summary: z.string() })),
  flags: z.array(Flag),
  examples: z.array(z.object({ title: z.string(), line: z.string() })),
});

const Topic = z.object({
  name: z.string(),
  summary: z.string(),
  sections: z.array(
    z.object({ heading: z.string(), blocks: z.array(z.looseObject({ kind: z.enum(['text', 'terms', 'lines']) })) }),
  ),
});

/** A command, several, or a topic. */
export const Help = z.union([z.array(Command), Command, Topic]);
