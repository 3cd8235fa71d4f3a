import { visible } from '#base/visible.ts';
import { isCalm, type Outcome, type Report } from '#wire/outcome.ts';
import { bodyOf, errorText, indent, showResult } from './answer.ts';
import { foldNames } from './names.ts';
import { bodyLines, headOf, stateWidth } from './outcome.ts';
import type { PeelResult } from './result.ts';
import { paint, type Style } from './style.ts';
import { count } from './table.ts';

/** The answers of a job as text, while they come and when all are there. */
export interface FleetView {
  /** What is to be said of one peel at once. */
  add(result: PeelResult): string;
  /** What is left to say when no more come. */
  rest(): string;
}

/** So many answers a person reads one by one. */
const fewPeels = 10;

/** Of few peels each answer as it comes; of many what is alike is said once, and only failures at once. */
export function createFleetView(peels: number, style: Style): FleetView {
  if (!isFew(peels) && !style.verbose) return new GroupedView(style);
  return { add: (result: PeelResult) => showResult(result, style), rest: () => '' };
}

export function isFew(peels: number): boolean {
  return peels <= fewPeels;
}

/** Failures that are told in full while a job runs; its end has a line for each of them. */
const mostTold = 10;
/** Ways of one state to change that are shown; every further peel is only counted. */
const mostVariants = 5;
/** Letters of answers that wait for others like them. */
const mostHeld = 16 * 1024 * 1024;

interface StateGroup {
  /** Where in its run the state stood when it was first seen. */
  readonly position: number;
  readonly outcome: Outcome;
  /** What was said of it → the peels that said it. */
  readonly variants: Map<string, string[]>;
  readonly others: string[];
}

/** Its memory grows with what is different, and with the names of peels; not with how many give the same answer. */
class GroupedView implements FleetView {
  readonly #style: Style;
  readonly #told = new Set<string>();
  readonly #states = new Map<string, StateGroup>();
  readonly #values = new Map<string, string[]>();
  #held = 0;

  constructor(style: Style) {
    this.#style = style;
  }

  add(result: PeelResult): string {
    const { peel, status, return: returned } = result;
    // The closing list names who is not reached.
    if (status === 'unreachable' || status === 'pending') return '';
    if (returned?.report) this.#takeReport(returned.report, peel);
    if (status === 'failed') return this.#failure(result);
    if (returned === undefined || returned.report) return '';
    return this.#takeValue(bodyOf(returned, this.#style), peel);
  }

  rest(): string {
    const states = [...this.#states.values()].toSorted((a, b) => a.position - b.position);
    const width = stateWidth(states.map(({ outcome }) => outcome));
    return this.#valuesText() + states.map((each) => this.#stateText(each, width)).join('');
  }

  #failure({ peel, return: returned, refusal }: PeelResult): string {
    const style = this.#style;
    const failed = (returned?.report?.outcomes ?? []).filter(({ result }) => result === 'failed');
    const width = stateWidth(failed);
    const said = failed.map((each) => [headOf(each, width, style), ...indented(bodyLines(each, style))].join('\n'));
    const error = refusal === undefined ? returned?.error : { family: 'machine' as const, ...refusal };
    if (error) said.push(errorText(error, style));
    else if (said.length === 0 && returned) said.push(bodyOf(returned, style));
    const news = said.filter((each) => this.#isNews(each));
    return news.length === 0 ? '' : `${paint(style, 'red', `${visible(peel)}:`)}\n${indent(news.join('\n'))}`;
  }

  #isNews(text: string): boolean {
    if (this.#told.has(text) || this.#told.size >= mostTold) return false;
    this.#told.add(text);
    return true;
  }

  #takeReport({ outcomes }: Report, peel: string): void {
    for (const [position, outcome] of outcomes.entries()) {
      // Failures are told at once, and what they held back is counted.
      if (isCalm(outcome) || outcome.result === 'failed' || outcome.result === 'skipped') continue;
      const { state, id, name, result, refreshed } = outcome;
      const key = JSON.stringify([state, id, name, result, refreshed]);
      const group: StateGroup = this.#states.get(key) ?? { position, outcome, variants: new Map(), others: [] };
      this.#states.set(key, group);
      const said = bodyLines(outcome, this.#style).join('\n');
      const alike = group.variants.get(said);
      if (alike !== undefined) alike.push(peel);
      else if (group.variants.size < mostVariants) group.variants.set(said, [peel]);
      else group.others.push(peel);
    }
  }

  #stateText({ outcome, variants, others }: StateGroup, width: number): string {
    const style = this.#style;
    const said = [...variants].toSorted(([, a], [, b]) => b.length - a.length);
    const parts = said.map(([text, peels]) => [whoText(peels), ...(text === '' ? [] : [text])].join('\n'));
    if (others.length > 0) {
      parts.push(
        `${count(others.length, 'more peel')}, each in its own way (--verbose shows them): ${foldNames(others)}`,
      );
    }
    return `${headOf(outcome, width, style)}\n${indent(parts.join('\n'))}`;
  }

  #takeValue(body: string, peel: string): string {
    const alike = this.#values.get(body);
    if (alike !== undefined) {
      alike.push(peel);
      return '';
    }
    this.#values.set(body, [peel]);
    this.#held += body.length;
    if (this.#held < mostHeld) return '';
    const text = this.#valuesText();
    this.#values.clear();
    this.#held = 0;
    return text;
  }

  #valuesText(): string {
    const groups = [...this.#values].toSorted(
      ([, a], [, b]) => b.length - a.length || ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1),
    );
    return groups
      .map(([body, peels]) => {
        const who = paint(this.#style, 'green', whoText(peels));
        // Of four hundred names each on its own machine, two lines each are too many.
        return peels.length === 1 && !body.includes('\n') ? `${who} ${body}\n` : `${who}\n${indent(body)}`;
      })
      .join('');
  }
}

/** `web-07:`, or `387 peels: web-[001-387]`. */
function whoText(peels: readonly string[]): string {
  const [only = ''] = peels;
  return peels.length === 1 ? `${visible(only)}:` : `${count(peels.length, 'peel')}: ${foldNames(peels)}`;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `    ${line}`);
}
