import { durationText } from '#base/time.ts';
import { visibleLine } from '#base/visible.ts';
import { cutToWidth, widthOf } from './style.ts';
import type { Tally } from './tally.ts';

export interface Live {
  readonly tally: Tally;
  /** Peels that were asked. */
  readonly total: number;
  readonly elapsedMs: number;
  /** Of those that are waited for the one that is least far, and how far it says that it is. */
  readonly slowest: { readonly peel: string; readonly progress: string } | undefined;
}

/** How far a job is, in one line: `312/400 · 9 changed · 3 failed · slowest db-07 (12s)`. */
export function liveText({ tally, total, elapsedMs, slowest }: Live): string {
  const seconds = durationText(Math.floor(elapsedMs / 1_000) * 1_000);
  const parts = [
    `${tally.answered}/${total}`,
    ...some(tally.changed, tally.isPlan ? 'would change' : 'changed'),
    ...some(tally.peels('failed'), 'failed'),
    slowest === undefined ? seconds : `slowest ${slowest.peel} (${seconds})${slowest.progress}`,
  ];
  return visibleLine(parts.join(' · '));
}

function some(amount: number, what: string): readonly string[] {
  return amount > 0 ? [`${amount} ${what}`] : [];
}

/** One line at the bottom of a terminal that is replaced, and goes away without a trace. */
export interface LiveLine {
  /** Cut to what the terminal is wide at this moment. Without a text it goes away. */
  show(text?: string): void;
}

export function createLiveLine(write: (text: string) => void, columns: () => number): LiveLine {
  let shownWidth = 0;
  return {
    show(text = '') {
      if (text === '' && shownWidth === 0) return;
      const wide = Math.max(1, columns());
      // A terminal that became narrower has broken the line into several: all of them go.
      const above = Math.max(0, Math.ceil(shownWidth / wide) - 1);
      // The last column stays free: a line that fills it wraps on some terminals.
      const cut = cutToWidth(text, wide - 1);
      write(`\r${above > 0 ? `\u001b[${above}A` : ''}\u001b[J${cut}`);
      shownWidth = widthOf(cut);
    },
  };
}
