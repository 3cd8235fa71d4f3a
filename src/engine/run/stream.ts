/** Values pushed from many places, read in one as they come. */
export interface Stream<T> extends AsyncIterable<T> {
  push(value: T): void;
  /** Ends the reading, after what was pushed; with a reason, by throwing it. */
  end(reason?: { readonly error: unknown }): void;
}

export function createStream<T>(): Stream<T> {
  const values: T[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let wake = () => {};
  return {
    push(value) {
      values.push(value);
      wake();
    },
    end(reason = {} as { readonly error: unknown }) {
      ended = reason;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      let read = 0;
      while (true) {
        for (let value = values[read]; read < values.length; value = values[read]) {
          read++;
          if (value !== undefined) yield value;
        }
        if (ended) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (ended.error !== undefined) throw ended.error;
    },
  };
}
