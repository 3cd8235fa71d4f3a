import { hashOf } from '../texts.ts';
import type { Environments, Tree } from '../tree.ts';

/** Something a compilation looked up in a tree, and a hash of what it found; `null` for a file that is not there. */
export type Input = readonly [env: string, what: 'read' | 'list', path: string, hash: string | null];

/** Trees that are watched while a compilation looks things up in them. */
export interface WatchedTrees {
  readonly environments: Environments;
  /** What `work` gives back, and all that it looked up. */
  during<T>(work: () => T): { readonly value: T; readonly inputs: readonly Input[] };
  /** Whether everything is still found as it was. */
  isStill(inputs: readonly Input[]): boolean;
}

export function watchTrees(environments: Environments): WatchedTrees {
  let seen: Map<string, Input> | undefined;
  const watched = (env: string, tree: Tree): Tree => ({
    read(path) {
      const content = tree.read(path);
      seen?.set(`${env}\0read\0${path}`, [env, 'read', path, hashOfContent(content)]);
      return content;
    },
    list(prefix) {
      const paths = tree.list(prefix);
      seen?.set(`${env}\0list\0${prefix}`, [env, 'list', prefix, hashOfPaths(paths)]);
      return paths;
    },
    // Only what runs asks for these, and asks anew each time.
    ...(tree.shape && { shape: tree.shape }),
    ...(tree.mode && { mode: (path) => tree.mode?.(path) }),
  });

  return {
    environments: new Map([...environments].map(([env, tree]) => [env, watched(env, tree)])),
    during(work) {
      seen = new Map();
      try {
        return { value: work(), inputs: [...seen.values()] };
      } finally {
        seen = undefined;
      }
    },
    isStill: (inputs) =>
      inputs.every(([env, what, path, hash]) => {
        const tree = environments.get(env);
        if (tree === undefined) return false;
        return hash === (what === 'read' ? hashOfContent(tree.read(path)) : hashOfPaths(tree.list(path)));
      }),
  };
}

function hashOfContent(content: string | Uint8Array | undefined): string | null {
  return content === undefined ? null : hashOf(content);
}

function hashOfPaths(paths: readonly string[]): string {
  return hashOf(JSON.stringify(paths));
}
