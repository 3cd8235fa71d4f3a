/**
 * What was read of a machine, for as long as nothing is written to it: by whichever port, since one may change what
 * another reads. It lasts for one run, in which nobody else is expected to change what the run looks at.
 */
export interface Memory {
  /** The answer that was read last under this key, unless something was written since. A failure is not kept. */
  recall<T>(key: string, read: () => Promise<T>): Promise<T>;
  /** Does what may change the machine. Until it is over, everything is read anew. */
  changing<T>(change: () => Promise<T>): Promise<T>;
}

/** Reads anew each time. */
export const noMemory: Memory = { recall: (_key, read) => read(), changing: (change) => change() };

export function createMemory(): Memory {
  const answers = new Map<string, Promise<unknown>>();
  let writers = 0;
  return {
    recall<T>(key: string, read: () => Promise<T>): Promise<T> {
      if (writers > 0) return read();
      const known = answers.get(key);
      if (known !== undefined) return known as Promise<T>;
      const answer = read();
      answers.set(key, answer);
      answer.catch(() => {
        if (answers.get(key) === answer) answers.delete(key);
      });
      return answer;
    },
    async changing(change) {
      writers++;
      answers.clear();
      try {
        return await change();
      } finally {
        writers--;
      }
    },
  };
}
