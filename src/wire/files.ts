import * as z from 'zod/mini';
import { bytes } from './job.ts';

/** One file of the state tree. */
export const TreeFile = z.object({
  /** Forward slashes, relative, never `..`. */
  path: z.string(),
  /** True when the owner may execute it. */
  executable: z.boolean(),
  size: z.int(),
  /** SHA-256 of each chunk, hex, in order. */
  chunks: z.array(z.string()),
});
export type TreeFile = z.output<typeof TreeFile>;

/** All files of a tree, sorted by path: itself stored as chunks. */
export const TreeIndex = z.object({ v: z.int(), files: z.array(TreeFile) });
export type TreeIndex = z.output<typeof TreeIndex>;

/** The one pointer that names a whole tree. Its revision only goes up: it is the time of publishing, in milliseconds. */
export const TreeRoot = z.object({
  v: z.int(),
  revision: z.int(),
  /** SHA-256 of the index's bytes, hex: two equal trees have the same. */
  tree: z.string(),
  index: z.array(z.string()),
  files: z.int(),
  bytes: z.int(),
  publishedAt: z.number(),
  /** Host name of the master whose folder it is. */
  publisher: z.string(),
});
export type TreeRoot = z.output<typeof TreeRoot>;

export const SignedRoot = z.object({ root: bytes, key: z.string(), signature: bytes });
export type SignedRoot = z.output<typeof SignedRoot>;

/** Key of the signed root in the bucket of state files; every other key is a chunk. */
export const rootKey = 'root';

/** Bytes in a chunk, but for the last one of a file. */
export const chunkBytes = 262_144;
