import type { Log } from '#base/log.ts';
import { cutText } from '#wire/limits.ts';
import type { Bus } from './bus.ts';

/** What the servers refused this connection: rights that its account does not give it. */
export interface Refusals {
  readonly count: number;
  /** The last few, each once. */
  readonly last: readonly string[];
}

const remembered = 20;
const subjectLetters = 200;

export function watchRefusals(bus: Bus, log: Log): Refusals {
  let count = 0;
  const last: string[] = [];
  const follow = async () => {
    for await (const status of bus.connection.status()) {
      if (status.type !== 'error') continue;
      const { name, operation, subject } = status.error as Error & { operation?: string; subject?: string };
      if (name !== 'PermissionViolationError') continue;
      count++;
      const what = `${operation} "${cutText(subject ?? '', subjectLetters)}"`;
      if (last.includes(what)) continue;
      log.warn('The server refused this master something', { subject: what });
      last.push(what);
      if (last.length > remembered) last.shift();
    }
  };
  follow().catch((error) => log.error('Refusals of the server not followed', { error }));
  return {
    get count() {
      return count;
    },
    last,
  };
}
