interface Waiting {
  readonly holds: readonly string[];
  readonly enter: () => void;
}

/** Lets at most so many through at once, and never two that hold the same thing; otherwise first come, first served. */
export function createLanes(limit: number): { enter(holds: readonly string[]): Promise<() => void> } {
  const waiting: Waiting[] = [];
  const held = new Set<string>();
  let running = 0;

  const admit = () => {
    for (let index = 0; index < waiting.length && running < limit; ) {
      const next = waiting[index];
      if (next === undefined || next.holds.some((each) => held.has(each))) {
        index++;
        continue;
      }
      waiting.splice(index, 1);
      for (const each of next.holds) held.add(each);
      running++;
      next.enter();
    }
  };

  return {
    enter: (holds) =>
      new Promise((resolve) => {
        const leave = () => {
          for (const each of holds) held.delete(each);
          running--;
          admit();
        };
        waiting.push({ holds, enter: () => resolve(leave) });
        admit();
      }),
  };
}
