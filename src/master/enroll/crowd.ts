import type { NatsConnection } from '@nats-io/nats-core';
import * as z from 'zod/mini';
import type { Log } from '#base/log.ts';

/** Keeps one identity from taking the room of all: who holds more connections than it needs loses the newest. */
export interface Crowd extends Disposable {
  /** Connections that were cut. */
  readonly cut: number;
}

export interface CrowdOptions {
  /** Of the system account. */
  readonly connection: NatsConnection;
  /** The accounts that are watched. */
  readonly accounts: readonly string[];
  /** Connections that one key may hold; a peel needs one, and one more while it reconnects. */
  readonly most: number;
  readonly log: Log;
}

const Told = z.object({
  server: z.object({ id: z.string() }),
  client: z.object({ id: z.int(), user: z.optional(z.string()), name: z.optional(z.string()) }),
});
type Told = z.output<typeof Told>;

/** Servers tell of every connection that comes and goes. What was there before a master started is not counted. */
export function watchCrowd({ connection, accounts, most, log }: CrowdOptions): Crowd {
  const held = new Map<string, Map<string, Told>>();
  let cut = 0;

  const came = (told: Told) => {
    const { user } = told.client;
    if (user === undefined) return;
    const own = held.get(user) ?? new Map<string, Told>();
    held.set(user, own);
    own.set(idOf(told), told);
    if (own.size <= most) return;
    cut++;
    log.warn('Connection cut: its identity holds too many', { key: user, name: told.client.name, count: own.size });
    kick(told).catch((error) => log.warn('Connection not cut', { key: user, error }));
  };
  // A server does what nobody waits for only when asked for an answer.
  const kick = ({ server, client }: Told) =>
    connection.request(`$SYS.REQ.SERVER.${server.id}.KICK`, JSON.stringify({ cid: client.id }), { timeout: 5_000 });
  const went = (told: Told) => {
    const own = held.get(told.client.user ?? '');
    own?.delete(idOf(told));
    if (own?.size === 0) held.delete(told.client.user ?? '');
  };

  const listen = (subject: string, take: (told: Told) => void) =>
    connection.subscribe(subject, {
      callback: (error, message) => {
        const told = error === null ? z.safeParse(Told, parsed(message.string())) : undefined;
        if (told?.success) take(told.data);
      },
    });
  const listening = accounts.flatMap((account) => [
    listen(`$SYS.ACCOUNT.${account}.CONNECT`, came),
    listen(`$SYS.ACCOUNT.${account}.DISCONNECT`, went),
  ]);
  return {
    get cut() {
      return cut;
    },
    [Symbol.dispose]() {
      for (const each of listening) if (!connection.isClosed()) each.unsubscribe();
    },
  };
}

function idOf({ server, client }: Told): string {
  return `${server.id} ${client.id}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
