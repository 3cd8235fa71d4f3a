/** A process on the bus, as its beats name it. */
export interface Instance {
  readonly run: string;
  readonly machine: string;
}

/** Two processes beat under one id; `refused` is the one that came second. */
export interface Doubled {
  readonly kept: Instance;
  readonly refused: Instance;
}

interface Beating extends Instance {
  since: number;
  last: number;
}

interface Held {
  /** The process that orders are meant for. */
  holder: Beating;
  /** The one before it, until it is known to be gone: a restart looks like this for some seconds, a clone for ever. */
  before: Beating | undefined;
  readonly refused: Map<string, Beating>;
}

/**
 * Which process stands behind a peel's id. A restart changes the process once, and the old one is never heard again;
 * of a cloned machine both go on. Nothing here waits for a verdict: an order names the one process it is meant for.
 */
export interface Instances {
  /** Takes a beat. `doubled` when it proves that two are alive, `refused` when it comes from one that was told so. */
  heard(peel: string, instance: Instance, now: number): 'holder' | 'new' | 'refused' | Doubled;
  /** A process said goodbye. Whether it was the holder. */
  left(peel: string, run: string): boolean;
  /** As another master decided, or as it was before this one started. */
  restore(
    peel: string,
    record: { readonly run?: string | undefined; readonly refused?: readonly string[] | undefined },
    now: number,
  ): void;
  runOf(peel: string): string | undefined;
  isDoubled(peel: string): boolean;
  refusedRuns(peel: string): readonly string[];
  /** Whether a job from that time was sent to the process that has the id now, or nobody else is left to have it. */
  isSame(peel: string, since: number): boolean;
  /** What silence has settled: predecessors that are gone, and refused ones that are alone now. */
  settle(now: number): readonly { readonly peel: string; readonly welcome?: Instance }[];
  forget(peel: string): void;
  readonly doubled: number;
}

/** The last beat of a process that was stopped may arrive after the first of its successor, by this much. */
const straggleMs = 2_000;
const goneAfterMs = 9_000;

export function watchInstances(): Instances {
  const peels = new Map<string, Held>();

  const decide = (held: Held, now: number): Doubled => {
    const { holder: second, before: first = second } = held;
    held.refused.set(second.run, second);
    held.holder = first;
    held.holder.since = now;
    held.before = undefined;
    return { kept: first, refused: second };
  };

  return {
    heard(peel, { run, machine }, now) {
      const held = peels.get(peel);
      if (held === undefined) {
        peels.set(peel, { holder: { run, machine, since: now, last: now }, before: undefined, refused: new Map() });
        return 'new';
      }
      const { holder, before, refused } = held;
      if (run === holder.run) {
        Object.assign(holder, { last: now, machine });
        return 'holder';
      }
      const known = refused.get(run);
      if (known !== undefined) {
        Object.assign(known, { last: now, machine });
        return 'refused';
      }
      if (run === before?.run) {
        before.last = now;
        return now - holder.since > straggleMs && now - holder.last < goneAfterMs ? decide(held, now) : 'holder';
      }
      held.before = holder.last + goneAfterMs > now ? holder : undefined;
      held.holder = { run, machine, since: now, last: now };
      return 'new';
    },
    left(peel, run) {
      const held = peels.get(peel);
      if (held?.before?.run === run) held.before = undefined;
      held?.refused.delete(run);
      if (held?.holder.run !== run) return held === undefined;
      // Long ago, as far as a successor is concerned.
      held.holder.last = Number.NEGATIVE_INFINITY;
      return true;
    },
    restore(peel, { run, refused = [] }, now) {
      if (run === undefined) return;
      const known = peels.get(peel);
      const beating = (each: string): Beating => ({ run: each, machine: '', since: now, last: now });
      const holder = known?.holder.run === run ? known.holder : beating(run);
      peels.set(peel, { holder, before: undefined, refused: new Map(refused.map((each) => [each, beating(each)])) });
    },
    runOf: (peel) => peels.get(peel)?.holder.run,
    isDoubled: (peel) => (peels.get(peel)?.refused.size ?? 0) > 0,
    refusedRuns: (peel) => [...(peels.get(peel)?.refused.keys() ?? [])],
    isSame(peel, since) {
      const held = peels.get(peel);
      if (held === undefined || (held.before === undefined && held.refused.size === 0)) return true;
      return held.holder.since <= since;
    },
    settle(now) {
      const settled: { peel: string; welcome?: Instance }[] = [];
      for (const [peel, held] of peels) {
        if (held.before && now - held.before.last > goneAfterMs) {
          held.before = undefined;
          settled.push({ peel });
        }
        if (held.refused.size === 0) continue;
        for (const [run, { last }] of held.refused) if (now - last > goneAfterMs) held.refused.delete(run);
        const next = held.refused.values().next().value;
        if (next !== undefined && now - held.holder.last > goneAfterMs) {
          held.refused.delete(next.run);
          held.holder = next;
          held.holder.since = now;
          settled.push({ peel, welcome: next });
        } else if (next === undefined) settled.push({ peel });
      }
      return settled;
    },
    forget: (peel) => void peels.delete(peel),
    get doubled() {
      let count = 0;
      for (const { refused } of peels.values()) if (refused.size > 0) count++;
      return count;
    },
  };
}
