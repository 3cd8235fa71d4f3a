import { asError, type Family, type Place, ZesterError } from '#base/errors.ts';
import * as z from './schema.ts';

export const PlaceBody = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  /** What stands on the line, of a file that the reader does not have; secrets masked, never very long. */
  text: z.optional(z.string()),
});

/** An error as it travels: never a stack, never a secret; causes as their messages. */
export const ErrorBody = z.object({
  family: z.enum(['usage', 'source', 'denied', 'unreachable', 'machine', 'bug']),
  code: z.string(),
  message: z.string(),
  hint: z.optional(z.string()),
  at: z.optional(PlaceBody),
  causes: z.optional(z.array(z.string())),
  details: z.optional(z.record(z.string(), z.string())),
});
export type ErrorBody = z.output<typeof ErrorBody>;

export function errorBody(thrown: unknown): ErrorBody {
  const error = asError(thrown);
  const causes = causeMessages(error.cause);
  return {
    family: error.family,
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.at === undefined ? {} : { at: error.at }),
    ...(causes.length === 0 ? {} : { causes }),
    ...(error.details === undefined ? {} : { details: { ...error.details } }),
  };
}

/** The error again, on the side that received it. */
export function errorFrom(body: ErrorBody): ZesterError {
  const { family, code, message, hint, at, details, causes } = body;
  const cause = causes?.[0] === undefined ? undefined : new Error(causes.join(': '));
  return new ZesterError(family as Family, code, message, { hint, at: at as Place | undefined, details, cause });
}

function causeMessages(cause: unknown): string[] {
  const messages: string[] = [];
  for (let each = cause; each instanceof Error && messages.length < 5; each = each.cause) messages.push(each.message);
  return messages;
}
