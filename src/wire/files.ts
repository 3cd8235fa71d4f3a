import { baseEnvironment } from './environments.ts';
import { ErrorBody } from './error.ts';
import { bytes } from './job.ts';
import { rowLimit, text } from './limits.ts';
import * as z from './schema.ts';
import { defaultTreeOptions, TreeOptions } from './tree-options.ts';

/** One file of the state tree. */
export const TreeFile = z.object({
  /** The environment it belongs to; before version 2 there was one. */
  env: z._default(z.string(), baseEnvironment),
  /** Forward slashes, relative, never `..`. */
  path: z.string(),
  /** True when the owner may execute it. */
  executable: z.boolean(),
  size: z.int(),
  /** SHA-256 of each chunk, hex, in order. */
  chunks: z.array(z.string()),
});
export type TreeFile = z.output<typeof TreeFile>;

/** A symbolic link of the tree. What it leads to is among the files too, under its path. */
export const TreeLink = z.object({ env: z.string(), path: z.string(), target: z.string() });
export type TreeLink = z.output<typeof TreeLink>;

/** A folder with nothing in it. */
export const TreeFolder = z.object({ env: z.string(), path: z.string() });
export type TreeFolder = z.output<typeof TreeFolder>;

/** A whole tree: all files of all environments, sorted, and the options it is published with. Itself stored as chunks. */
export const TreeIndex = z.object({
  v: z.int(),
  /** All of them: one may have no files. */
  environments: z._default(z.array(z.string()), [baseEnvironment]),
  options: z._default(TreeOptions, defaultTreeOptions),
  files: z.array(TreeFile),
  links: z._default(z.array(TreeLink), []),
  emptyFolders: z._default(z.array(TreeFolder), []),
});
export type TreeIndex = z.output<typeof TreeIndex>;

/** Which state files there are to apply. */
export const RefsQuery = z.object({
  /** Only those that begin so. */
  prefix: z.optional(text('name')),
  after: z.optional(text('name')),
  limit: rowLimit,
});
export type RefsQuery = z.output<typeof RefsQuery>;
export const RefsReply = z.object({
  /** `web`, `db.master`; of all environments, each once, sorted. */
  refs: z.optional(z.array(z.string())),
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type RefsReply = z.output<typeof RefsReply>;

/** The version of an index that is written; one that is newer means something a reader cannot know. */
export const treeVersion = 2;

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
