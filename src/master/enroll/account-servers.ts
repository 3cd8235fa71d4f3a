import { ZesterError } from '#base/errors.ts';

/** The NATS servers' memory of accounts. */
export interface AccountServers {
  lookup(account: string): Promise<string | undefined>;
  /** Throws `ACCOUNT_REFUSED`. */
  update(jwt: string): Promise<void>;
}

interface Asking {
  request(subject: string, payload: string, options: { timeout: number }): Promise<{ json<T>(): T; string(): string }>;
}

interface UpdateReply {
  readonly error?: { readonly description?: string };
  readonly data?: { readonly code?: number; readonly message?: string };
}

/** The servers over a system-account connection. */
export function accountServers(connection: Asking): AccountServers {
  return {
    async lookup(account) {
      const reply = await connection.request(`$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`, '', { timeout: 5_000 });
      return reply.string() || undefined;
    },
    async update(jwt) {
      const reply = await connection.request('$SYS.REQ.CLAIMS.UPDATE', jwt, { timeout: 5_000 });
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
  };
}
