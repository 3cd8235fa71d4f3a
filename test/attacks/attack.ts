/** What an attack is about: the promise it tries to break. `held` are promises that were kept from the first day on. */
export type Promised = `A${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}` | `B${9 | 10 | 11 | 12 | 13 | 14 | 15}` | 'held';

/** One attempt to break a promise, against a real server and real processes. */
export interface Attack {
  readonly promise: Promised;
  /** What the enemy, or the bad night, does: a sentence, unique. */
  readonly name: string;
  /** Takes seconds, not minutes: `npm run attack -- --quick`, which every merge runs. */
  readonly quick: boolean;
  /** It fills the machine or measures time: no other attack runs beside it. */
  readonly alone?: boolean;
  /** Resolves when the promise was kept; throws what was broken. Cleans up after itself either way. */
  run(): Promise<void>;
}
