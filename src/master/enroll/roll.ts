import { networkOf } from '#base/http/network.ts';
import type { Enrollment } from '#wire/enroll.ts';

/** All enrolments in memory, findable by what is asked at every request: nothing walks through all of them. */
export interface Roll {
  all(): readonly Enrollment[];
  find(id: string): Enrollment | undefined;
  ofPeel(peel: string): readonly Enrollment[];
  /** How many wait: altogether, and from one network. */
  readonly pending: number;
  pendingFrom(source: string): number;
  put(enrollment: Enrollment): void;
  drop(id: string): void;
}

export function createRoll(): Roll {
  const byId = new Map<string, Enrollment>();
  const byPeel = new Map<string, Map<string, Enrollment>>();
  const waiting = new Map<string, number>();
  let pending = 0;

  const count = ({ state, source = '' }: Enrollment, by: number) => {
    if (state !== 'pending') return;
    pending += by;
    const network = networkOf(source);
    const left = (waiting.get(network) ?? 0) + by;
    if (left > 0) waiting.set(network, left);
    else waiting.delete(network);
  };
  const drop = (id: string) => {
    const gone = byId.get(id);
    if (gone === undefined) return;
    byId.delete(id);
    count(gone, -1);
    const others = byPeel.get(gone.peel);
    others?.delete(id);
    if (others?.size === 0) byPeel.delete(gone.peel);
  };
  return {
    all: () => [...byId.values()],
    find: (id) => byId.get(id),
    ofPeel: (peel) => [...(byPeel.get(peel)?.values() ?? [])],
    get pending() {
      return pending;
    },
    pendingFrom: (source) => waiting.get(networkOf(source)) ?? 0,
    put(enrollment) {
      drop(enrollment.id);
      byId.set(enrollment.id, enrollment);
      count(enrollment, 1);
      const others = byPeel.get(enrollment.peel) ?? new Map<string, Enrollment>();
      byPeel.set(enrollment.peel, others.set(enrollment.id, enrollment));
    },
    drop,
  };
}
