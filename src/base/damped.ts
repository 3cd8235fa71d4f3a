/** Whether a thing is to be said now: how often it was kept back since it was said last, or undefined to keep it back. */
export type Damped = (what: string) => number | undefined;

/** Says each thing at once, then again every so often while it lasts: neither silence nor a flood. */
export function damped(everyMs: number, now: () => number = () => performance.now()): Damped {
  const said = new Map<string, { at: number; kept: number }>();
  return (what) => {
    const last = said.get(what);
    if (last !== undefined && now() - last.at < everyMs) {
      last.kept++;
      return undefined;
    }
    said.set(what, { at: now(), kept: 0 });
    return last?.kept ?? 0;
  };
}
