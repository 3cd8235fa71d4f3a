import type { Log } from '#base/log.ts';
import type { ServerConnection, SystemAccount } from '#bus/system-account.ts';

/** Keeps one identity from taking the room of all: who holds more connections than it needs loses the newest. */
export interface Crowd extends Disposable {
  /** Connections that were cut. */
  readonly cut: number;
}

export interface CrowdOptions {
  readonly system: Pick<SystemAccount, 'followConnections' | 'end'>;
  /** The accounts that are watched. */
  readonly accounts: readonly string[];
  /** Connections that one key may hold; a peel needs one, and one more while it reconnects. */
  readonly most: number;
  readonly log: Log;
}

/** Servers tell of every connection that comes and goes. What was there before a master started is not counted. */
export function watchCrowd({ system, accounts, most, log }: CrowdOptions): Crowd {
  const held = new Map<string, Set<string>>();
  let cut = 0;

  const came = (connection: ServerConnection, user: string) => {
    const own = held.get(user) ?? new Set<string>();
    held.set(user, own.add(idOf(connection)));
    if (own.size <= most) return;
    cut++;
    log.warn('Connection cut: its identity holds too many', { key: user, name: connection.name, count: own.size });
    system.end(connection).catch((error) => log.warn('Connection not cut', { key: user, error }));
  };
  const went = (connection: ServerConnection, user: string) => {
    const own = held.get(user);
    own?.delete(idOf(connection));
    if (own?.size === 0) held.delete(user);
  };

  const following = system.followConnections(accounts, (connection, isNew) => {
    if (connection.user !== undefined) (isNew ? came : went)(connection, connection.user);
  });
  return {
    get cut() {
      return cut;
    },
    [Symbol.dispose]: () => following[Symbol.dispose](),
  };
}

function idOf({ server, id }: ServerConnection): string {
  return `${server} ${id}`;
}
