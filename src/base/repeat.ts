/** Does something again and again; what it throws is told, and it goes on. */
export function repeat(
  everyMs: number,
  work: () => void | Promise<void>,
  failed: (error: unknown) => void,
): Disposable {
  const timer = setInterval(() => {
    try {
      work()?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
