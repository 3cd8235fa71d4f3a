import { visibleLine } from '#base/visible.ts';
import type { Outcome, OutcomeResult } from '#wire/outcome.ts';
import type { PeelResult } from './result.ts';

type Status = PeelResult['status'];

/** The same trouble, and everyone who has it. */
export interface Trouble {
  /** One line: `service.running nginx: Cannot start "nginx": it exited [SERVICE_FAILED]`. */
  readonly text: string;
  readonly peels: string[];
}

/** Of troubles that are all different, so many are named; the others are counted. */
const mostTroubles = 20;

/** What a job comes to so far: counted as answers come, none of which is kept. */
export class Tally {
  readonly #statuses = new Map<Status, number>();
  readonly #states = new Map<OutcomeResult, number>();
  readonly #troubles = new Map<Status, Map<string, Trouble>>();
  readonly #unnamed = new Map<Status, number>();
  #changed = 0;
  #late = 0;
  #isPlan = false;

  add(result: PeelResult): void {
    const { peel, status, return: returned } = result;
    increase(this.#statuses, status);
    for (const text of troublesOf(result)) this.#note(status, text, peel);
    if (returned === undefined) return;
    const { outcomes = [], test = false } = returned.report ?? {};
    for (const { result: became } of outcomes) increase(this.#states, became);
    if (outcomes.some(hasChanged)) this.#changed++;
    if (returned.late) this.#late++;
    this.#isPlan ||= test;
  }

  peels(status?: Status): number {
    return status === undefined ? sum(this.#statuses) : (this.#statuses.get(status) ?? 0);
  }

  /** Those that gave an answer, whatever it was. */
  get answered(): number {
    return this.peels('success') + this.peels('failed');
  }

  get changed(): number {
    return this.#changed;
  }

  get late(): number {
    return this.#late;
  }

  /** True when an answer was a plan. */
  get isPlan(): boolean {
    return this.#isPlan;
  }

  states(result?: OutcomeResult): number {
    return result === undefined ? sum(this.#states) : (this.#states.get(result) ?? 0);
  }

  /** Those that most peels have come first. */
  troubles(status: Status): readonly Trouble[] {
    return [...(this.#troubles.get(status)?.values() ?? [])].toSorted((a, b) => b.peels.length - a.peels.length);
  }

  /** How many troubles there were beside those that are named. */
  unnamed(status: Status): number {
    return this.#unnamed.get(status) ?? 0;
  }

  #note(status: Status, text: string, peel: string): void {
    const known = this.#troubles.get(status) ?? new Map<string, Trouble>();
    this.#troubles.set(status, known);
    const trouble = known.get(text);
    if (trouble !== undefined) trouble.peels.push(peel);
    else if (known.size < mostTroubles) known.set(text, { text, peels: [peel] });
    else increase(this.#unnamed, status);
  }
}

export function tallyOf(results: Iterable<PeelResult>): Tally {
  const tally = new Tally();
  for (const result of results) tally.add(result);
  return tally;
}

function hasChanged({ result }: Outcome): boolean {
  return result === 'changed' || result === 'would-change';
}

function troublesOf({ status, return: returned, reason = '', refusal }: PeelResult): readonly string[] {
  if (status === 'success') return [];
  if (refusal !== undefined) return [errorLine(refusal)];
  if (returned === undefined) return [visibleLine(reason)];
  const failed = (returned.report?.outcomes ?? []).filter(({ result }) => result === 'failed');
  const said = [
    ...failed.map(({ state, id, error, comment }) => {
      const why = error ? errorLine(error) : visibleLine(comment ?? 'it gave no reason');
      return `${visibleLine(`${state} ${id}`)}: ${why}`;
    }),
    ...(returned.error ? [errorLine(returned.error)] : []),
  ];
  if (said.length > 0) return said;
  return [returned.status === 'done' ? 'it gave no reason' : returned.status];
}

function errorLine({ message, code }: { readonly message: string; readonly code: string }): string {
  const [first = '', ...more] = message.split('\n');
  return visibleLine(`${first}${more.length > 0 ? ' …' : ''} [${code}]`);
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, each) => total + each, 0);
}
