import type { Ending } from './end.ts';
import type { Process } from './table.ts';

const namedAtMost = 10;

/** What is true of an ending, to stand after "and": `3 processes were ended`, `could not end pid 12 (dd), it is in state D`. */
export function endingText({ ended, left, trouble }: Ending): string {
  if (trouble !== undefined) return `what it had started could not be looked at: ${trouble}`;
  if (left.length > 0) return leftText(left);
  if (ended.length === 0) return 'nothing it had started was left';
  return ended.length === 1 ? '1 process was ended' : `${ended.length} processes were ended`;
}

export function leftText(left: readonly Process[]): string {
  const [first, ...others] = left;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `could not end pid ${first.pid} (${first.name}), it is in state ${first.state}${more}`;
}

/** The processes by name, for the details of an error. */
export function endingDetails({ ended, left }: Ending): Readonly<Record<string, string>> {
  return {
    ...(ended.length === 0 ? {} : { ended: list(ended.map(({ pid, name }) => `${pid} ${name}`)) }),
    ...(left.length === 0 ? {} : { left: list(left.map(({ pid, name, state }) => `${pid} ${name} (${state})`)) }),
  };
}

function list(names: readonly string[]): string {
  const more = names.length > namedAtMost ? `, and ${names.length - namedAtMost} more` : '';
  return `${names.slice(0, namedAtMost).join(', ')}${more}`;
}
