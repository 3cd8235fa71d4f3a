/**
 * How much a job may give back, along its whole road: a runner's result, the peel's journal, the chunks, what reads them.
 * What is larger is cut before, by who knows what it is, and says so.
 */
export const returnBytes = 8 * 1024 * 1024;

/** What stands around it: ids, times, an error with its hint. */
export const envelopeBytes = 64 * 1024;

/** What a runner may answer, encoded: with the envelope it is a return that fits, whatever is put around it. */
export const resultBytes = returnBytes - envelopeBytes;
