import * as z from './schema.ts';

/** Bytes of rows that one reply carries at most: what is left of a message's megabyte is for the rest of the reply. */
export const pageBytes = 512 * 1024;

/** Rows of one reply at most, whatever was asked for. */
export const pageRows = 5_000;

/** Bytes of one part of a thing that is too large for a page. */
export const partBytes = 512 * 1024;

/** Letters that a text may have, by what it is. What is longer was not written by Zester. */
export const letters = {
  /** A peel id, a jid, the id of an enrolment. */
  id: 128,
  /** A version, the name of a function, an operator, a host. */
  name: 256,
  /** A sentence that a person wrote. */
  sentence: 2_048,
  /** A target: a list of thousands of ids is one. */
  target: 256 * 1024,
  /** A signed token; what a machine said, before it is cut to a sentence. */
  jwt: 16_384,
} as const;

export function text(most: keyof typeof letters): z.ZodMiniString {
  const known = texts.get(most) ?? z.string().check(z.maxLength(letters[most]));
  texts.set(most, known);
  return known;
}

const texts = new Map<keyof typeof letters, z.ZodMiniString>();

/** A moment, in milliseconds since the Unix epoch: no record is from the year 3000. */
export const moment = z.number().check(z.gte(0), z.lte(32_503_680_000_000));

/** How many rows an asker wants: a page holds fewer when they are large. */
export const rowLimit = z.optional(z.int().check(z.gte(1)));

/** A text cut to a length, with a note of how long it was. */
export function cutText(whole: string, most: number): string {
  return whole.length <= most ? whole : `${whole.slice(0, most)}… (${whole.length} characters)`;
}

/**
 * How much a job may give back, along its whole road: a runner's result, the peel's journal, the chunks, what reads them.
 * What is larger is cut before, by who knows what it is, and says so.
 */
export const returnBytes = 8 * 1024 * 1024;

/** What stands around it: ids, times, an error with its hint. */
export const envelopeBytes = 64 * 1024;

/** What a runner may answer, encoded: with the envelope it is a return that fits, whatever is put around it. */
export const resultBytes = returnBytes - envelopeBytes;
