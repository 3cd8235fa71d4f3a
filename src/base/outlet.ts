import { ZesterError } from './errors.ts';

/** What an outlet needs of a stream of the process. */
export interface OutletStream {
  write(part: string | Uint8Array, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Standard output, or standard error: what is written comes out in order and whole, if the process waits for `drained`. */
export interface Outlet {
  /** Resolves when it is written, or cannot be. Never rejects. */
  write(part: string | Uint8Array): Promise<void>;
  /** Resolves when everything is written, however slow the reader, or cannot be. */
  drained(): Promise<void>;
  /** Resolves with the reason when something could not be written: the reader left, the disk is full. */
  readonly broken: Promise<NodeJS.ErrnoException>;
  /** The same reason, once there is one. */
  readonly failure: NodeJS.ErrnoException | undefined;
}

export interface OutletOptions {
  /** True where one line may be missing and the next one be of use, as in a log: otherwise nothing follows a hole. */
  readonly goesOn?: boolean;
}

export function createOutlet(stream: () => OutletStream, { goesOn = false }: OutletOptions = {}): Outlet {
  const broken = Promise.withResolvers<NodeJS.ErrnoException>();
  let failure: NodeJS.ErrnoException | undefined;
  let opened: OutletStream | undefined;
  let last = Promise.resolve();
  const fail = (error: Error) => {
    failure ??= error as NodeJS.ErrnoException;
    broken.resolve(failure);
  };
  const open = () => {
    const made = stream();
    // Without it a failed write would end the process, in the middle of what it does.
    made.on('error', fail);
    return made;
  };
  return {
    write(part) {
      if ((failure !== undefined && !goesOn) || part.length === 0) return last;
      opened ??= open();
      const to = opened;
      const written = new Promise<void>((resolve) => {
        to.write(part, (error) => {
          if (error) fail(error);
          resolve();
        });
      });
      // A stream calls back in order: when the last part is out, so are those before it.
      last = written;
      return written;
    },
    drained: () => last,
    broken: broken.promise,
    get failure() {
      return failure;
    },
  };
}

export const standardOutput: Outlet = createOutlet(() => process.stdout);
export const standardError: Outlet = createOutlet(() => process.stderr, { goesOn: true });

/** Of who was read by nobody any more, as shells count SIGPIPE. */
export const closedPipe = 141;

/** True when the reader left, as `head` does: that is no trouble of ours. */
export function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** What is wrong with an output that takes no more: a full disk, a device that is gone. */
export function unwritable(failure: Error): ZesterError {
  const reason = failure.message.replace(/^E[A-Z]+: /, '').replace(/, write$/, '');
  return new ZesterError('machine', 'OUTPUT_UNWRITABLE', `Cannot write to standard output: ${reason}`, {
    cause: failure,
    hint: 'What was printed is not whole. Make room where it goes, and run the command again',
  });
}
