import { baseEnvironment } from './environments.ts';
import * as z from './schema.ts';

/** What the publisher decides for every peel, beside the files. */
export const TreeOptions = z.object({
  /** How the top files of several environments become one. */
  topStrategy: z.enum(['merge', 'same', 'merge_all']),
  defaultTop: z.string(),
  /** The only environment whose top file is read. */
  topEnv: z.optional(z.string()),
  /** The environments whose top files are read, in order; all of them, `base` first, when left out. */
  envOrder: z.optional(z.array(z.string())),
  /** What `N@name` stands for. */
  nodegroups: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
export type TreeOptions = z.output<typeof TreeOptions>;

export const defaultTreeOptions: TreeOptions = { topStrategy: 'merge', defaultTop: baseEnvironment, nodegroups: {} };
