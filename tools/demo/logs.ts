import { join } from 'node:path';
import { namesIn, readIfThere } from '../processes.ts';

export interface LogTail {
  readonly name: string;
  readonly lines: readonly string[];
}

/** The end of each daemon's log; nothing of those who said nothing. */
export function logTails(folder: string, count = 15): LogTail[] {
  return namesIn(folder)
    .sort()
    .map((file) => {
      const lines = readIfThere(join(folder, file))
        .split('\n')
        .filter((line) => line !== '');
      return { name: file.replace(/\.log$/, ''), lines: lines.slice(-count) };
    })
    .filter(({ lines }) => lines.length > 0);
}
