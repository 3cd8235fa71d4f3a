import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { isExecutable } from './files.ts';

export interface Pager extends AsyncDisposable {
  /** Shows text; the pager starts with the first of it. */
  readonly out: (text: string) => void;
}

export interface PagerOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where text goes without a pager. */
  readonly out: (text: string) => void;
}

/**
 * `ZESTER_PAGER`, `PAGER`, or less, which ends by itself when all of it fits the screen. Disposing waits until the reader has
 * read. A pager that is not there, or cannot be started, loses nothing: the text is written without it.
 */
export function openPager({ environment, out }: PagerOptions): Pager {
  const command = pagerCommand(environment);
  if (command === undefined) return { out, [Symbol.asyncDispose]: async () => {} };
  const written: string[] = [];
  let child: ChildProcess | undefined;
  // Ctrl-C is for the reader's pager: it moves on, and so do we.
  const ignore = () => {};
  const start = (): ChildProcess => {
    process.on('SIGINT', ignore);
    const started = spawn('/bin/sh', ['-c', command], {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: 'FRX', ...environment },
    });
    // Who leaves before the end has read enough.
    started.stdin?.on('error', ignore);
    return started;
  };
  return {
    out(text) {
      if (text === '') return;
      child ??= start();
      written.push(text);
      child.stdin?.write(text);
    },
    async [Symbol.asyncDispose]() {
      if (child === undefined) return;
      const ended = child;
      const code = await new Promise<number | null>((resolve) => {
        ended.on('error', () => resolve(notStarted));
        ended.on('close', resolve);
        ended.stdin?.end();
      });
      process.off('SIGINT', ignore);
      if (code === notFound || code === notRunnable || code === notStarted) for (const text of written) out(text);
    },
  };
}

/** What a shell says of a program that is not there, and of one that is no program. */
const notFound = 127;
const notRunnable = 126;
const notStarted = -1;

function pagerCommand(environment: PagerOptions['environment']): string | undefined {
  const asked = environment.ZESTER_PAGER ?? environment.PAGER;
  if (asked !== undefined) return asked === '' || asked === 'cat' ? undefined : asked;
  const folders = (environment.PATH ?? '').split(delimiter);
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, 'less'))) ? 'less' : undefined;
}
