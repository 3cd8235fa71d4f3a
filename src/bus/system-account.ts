import type { NatsConnection } from '@nats-io/nats-core';
import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';

/** The NATS servers' memory of accounts. */
export interface AccountServers {
  lookup(account: string): Promise<string | undefined>;
  /** Throws `ACCOUNT_REFUSED`. */
  update(jwt: string): Promise<void>;
}

/** A connection to one of the servers, as that server tells of it. */
export interface ServerConnection {
  readonly server: string;
  readonly id: number;
  /** The public key it logged in with. */
  readonly user: string | undefined;
  readonly name: string | undefined;
}

/** What the servers tell and do for who is of the system account. */
export interface SystemAccount extends AccountServers {
  /** Hears of every connection of the accounts that comes (true) and goes (false); not of those that are there. */
  followConnections(
    accounts: readonly string[],
    heard: (connection: ServerConnection, came: boolean) => void,
  ): Disposable;
  /** Ends a connection; its client may come back. */
  end(connection: ServerConnection): Promise<void>;
}

interface UpdateReply {
  readonly error?: { readonly description?: string };
  readonly data?: { readonly code?: number; readonly message?: string };
}

const Told = z.object({
  server: z.object({ id: z.string() }),
  client: z.object({ id: z.int(), user: z.optional(z.string()), name: z.optional(z.string()) }),
});

const timeout = 5_000;

/** Over a connection that has the credentials of the system account. */
export function systemAccount(connection: NatsConnection): SystemAccount {
  return {
    async lookup(account) {
      const reply = await connection.request(`$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, '', { timeout });
      return reply.string() || undefined;
    },
    async update(jwt) {
      const reply = await connection.request('$SYS.REQ.CLAIMS.UPDATE', jwt, { timeout });
      const { error, data } = reply.json<UpdateReply>();
      if (data?.code === 200) return;
      const reason = error?.description ?? data?.message ?? 'no reason given';
      throw new ZesterError(
        'unreachable',
        'ACCOUNT_REFUSED',
        `Cannot update the account on the NATS servers: ${reason}`,
        {
          hint: 'Check that "resolver" in nats-server.conf has the type "full", as "zester nats-auth init" writes it',
        },
      );
    },
    followConnections(accounts, heard) {
      const follow = (subject: string, came: boolean) =>
        connection.subscribe(subject, {
          callback: (error, message) => {
            const told = error === null ? toldConnection(message.string()) : undefined;
            if (told !== undefined) heard(told, came);
          },
        });
      const following = accounts.flatMap((account) => [
        follow(`$SYS.ACCOUNT.${account}.CONNECT`, true),
        follow(`$SYS.ACCOUNT.${account}.DISCONNECT`, false),
      ]);
      return {
        [Symbol.dispose]() {
          for (const each of following) if (!connection.isClosed()) each.unsubscribe();
        },
      };
    },
    async end({ server, id }) {
      // A server does what nobody waits for only when asked for an answer.
      await connection.request(`$SYS.REQ.SERVER.${server}.KICK`, JSON.stringify({ cid: id }), { timeout });
    },
  };
}

function toldConnection(text: string): ServerConnection | undefined {
  const told = z.safeParse(Told, parsed(text));
  if (!told.success) return undefined;
  const { server, client } = told.data;
  return { server: server.id, id: client.id, user: client.user, name: client.name };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
