import * as z from 'zod/mini';
import { ErrorBody, errorBody } from '../error.ts';

/** What a program is given on standard error when a command could not do its work. */
export const ErrorDocument = z.object({ error: ErrorBody });

export function errorDocument(thrown: unknown): z.output<typeof ErrorDocument> {
  return { error: errorBody(thrown) };
}
