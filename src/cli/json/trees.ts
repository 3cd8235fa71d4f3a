import * as z from 'zod/mini';
import { ErrorBody, PlaceBody } from '#wire/error.ts';

/** `zester-peel check`. */
export const LocalCheck = z.object({ files: z.int(), steps: z.int(), problems: z.array(ErrorBody) });

export const LintReport = z.object({
  findings: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(['error', 'warning', 'note']),
      message: z.string(),
      hint: z.optional(z.string()),
      at: PlaceBody,
      profiles: z.optional(z.array(z.string())),
    }),
  ),
  files: z.int(),
  machines: z.array(z.string()),
});

const Note = z.object({ at: z.optional(PlaceBody), text: z.string() });

export const MigrationReport = z.object({
  files: z.array(
    z.object({
      tree: z.enum(['states', 'settings']),
      path: z.string(),
      kind: z.string(),
      to: z.string(),
      outcome: z.enum(['runs as is', 'changed', 'has missing parts']),
      changes: z.array(z.object({ at: PlaceBody, from: z.string(), to: z.string(), why: z.string() })),
      missing: z.array(
        z.object({
          at: PlaceBody,
          kind: z.string(),
          name: z.string(),
          hint: z.optional(z.string()),
          reached: z.boolean(),
        }),
      ),
      notes: z.array(Note),
    }),
  ),
  notes: z.array(Note),
  mistakes: z.array(Note),
  samples: z.array(z.string()),
});
