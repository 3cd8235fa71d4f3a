import type { ZesterError } from './errors.ts';
import { isClosed, standardError, standardOutput, unwritable } from './outlet.ts';
import { delay } from './time.ts';

/** Of a daemon: whoever reads its log may be stuck, and it must stop all the same. */
export const daemonPatienceMs = 5_000;

export interface Ending {
  /** How an error is told; a line of text otherwise. */
  readonly tell?: (error: ZesterError) => string | Promise<string>;
  /** How long whoever reads standard error may keep the process from ending; for ever when left out. */
  readonly patienceMs?: number;
}

/**
 * Ends the process with the exit code of `main`, after all that was written is out: a pipe would lose what its reader has
 * not taken yet. A reader that left is no failure; an output that could not be written is.
 */
export async function exitAfter(main: Promise<number>, { tell = asLine, patienceMs }: Ending = {}): Promise<never> {
  const code = await main;
  await standardOutput.drained();
  const { failure } = standardOutput;
  const isLost = failure !== undefined && !isClosed(failure);
  if (isLost) void standardError.write(await tell(unwritable(failure)));
  const told = standardError.drained();
  await (patienceMs === undefined ? told : Promise.race([told, delay(patienceMs)]));
  process.exit(isLost && code === 0 ? 1 : code);
}

function asLine({ message, code, hint }: ZesterError): string {
  return `${message} [${code}]\n${hint === undefined ? '' : `  ${hint}\n`}`;
}
