import type { Registry } from '#kit/function.ts';
import type { Graph } from '../graph.ts';
import type { Rendering, Renderings } from '../render.ts';
import { hashOf, type MadeText } from '../texts.ts';
import { graphFrom, type PlainGraph, plainGraph } from './graph.ts';
import type { Input, WatchedTrees } from './inputs.ts';

/** Where compiled states are kept from one process to the next: docs/design/kept-states.md says what that takes. */
export interface KeptStore {
  /** Undefined when there is nothing sound of that name. */
  read(name: string): Uint8Array | undefined;
  /** Never throws: what cannot be kept is compiled again. */
  write(name: string, bytes: Uint8Array): void;
}

export interface KeptOptions {
  readonly store: KeptStore;
  /** The program and its build: what another one kept is not used. */
  readonly program: string;
  /** Tells this tree, and how it is compiled, from others. */
  readonly tree: string;
}

/** Whether a target of a top file means this peel. */
export type Matches = (target: string, kind: string) => boolean;
export type Matched = readonly [target: string, kind: string, answer: boolean];

/** A graph and everything that it was made of. */
export interface Compiled {
  readonly graph: Graph;
  readonly inputs: readonly Input[];
  /** What targets were asked, and the answers. */
  readonly matched: readonly Matched[];
  /** False when it depends on what may be answered otherwise next time. */
  readonly isSettled: boolean;
}

export interface Keeper {
  /** What was compiled for the same wish, when everything that it was made of is still as it was. */
  load(wish: unknown, rendering: Rendering, matches: Matches): Compiled | undefined;
  /** Keeps it with the texts that the run rendered, unless just that is kept already. */
  save(wish: unknown, compiled: Compiled, rendering: Rendering): void;
}

interface Kept {
  readonly program: string;
  /** What the templates could see of the peel, as a hash. */
  readonly scope: string;
  readonly inputs: readonly Input[];
  readonly matched: readonly Matched[];
  readonly graph: PlainGraph;
  readonly texts: readonly MadeText[];
}

export interface KeeperOptions extends KeptOptions {
  readonly registry: Registry;
  readonly trees: WatchedTrees;
  readonly renderings: Renderings;
}

const keptBytes = 8_000_000;

export function createKeeper({ store, program, tree, registry, trees, renderings }: KeeperOptions): Keeper {
  const decoded = new Map<string, { readonly kept: Kept; readonly compiled: Compiled }>();
  const saved = new WeakMap<Graph, ReadonlySet<MadeText>>();
  const nameOf = (wish: unknown) => hashOf(JSON.stringify([tree, wish]));

  const open = (name: string) => {
    const known = decoded.get(name);
    if (known !== undefined) return known;
    const bytes = store.read(name);
    if (bytes === undefined) return undefined;
    const kept = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
    return kept.program === program ? { kept, compiled: undefined } : undefined;
  };

  return {
    load(wish, rendering, matches) {
      try {
        const name = nameOf(wish);
        const opened = open(name);
        if (opened === undefined) return undefined;
        const { kept } = opened;
        if (kept.scope !== rendering.fingerprint || !trees.isStill(kept.inputs)) return undefined;
        if (kept.matched.some(([target, kind, answer]) => matches(target, kind) !== answer)) return undefined;
        if (opened.compiled !== undefined) return opened.compiled;
        const graph = graphFrom(kept.graph, registry);
        if (graph === undefined) return undefined;
        const compiled: Compiled = { graph, inputs: kept.inputs, matched: kept.matched, isSettled: true };
        renderings.recall(kept.texts);
        saved.set(graph, new Set(kept.texts));
        decoded.set(name, { kept, compiled });
        return compiled;
      } catch {
        // Whatever is wrong with it, or with the tree by now: compiling says so, at its place.
        return undefined;
      }
    },

    save(wish, { graph, inputs, matched, isSettled }, rendering) {
      if (!isSettled) return;
      const texts = rendering.texts();
      const before = saved.get(graph);
      if (before !== undefined && texts.every((each) => before.has(each))) return;
      saved.set(graph, new Set(texts));
      const plain = plainGraph(graph);
      if (plain === undefined) return;
      const kept: Kept = { program, scope: rendering.fingerprint, inputs, matched, graph: plain, texts };
      const bytes = new TextEncoder().encode(JSON.stringify(kept));
      if (bytes.length <= keptBytes) store.write(nameOf(wish), bytes);
    },
  };
}
