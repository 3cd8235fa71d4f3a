import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { accountJwt, isCurrent } from '#trust/account.ts';
import type { AuthDir, AuthIndex } from '#trust/auth-dir.ts';
import type { Book } from './book.ts';

/** The accounts as NATS servers know them: today's grants, and whom they shut out. */
export interface Revocations extends AsyncDisposable {
  /** Brings the servers up to date; resolves when one confirmed, rejects when none did. */
  push(): Promise<void>;
  /** Seconds since the Unix epoch when a key was revoked. */
  revokedAt(key: string): number | undefined;
}

export interface RevocationParts {
  readonly book: Book;
  readonly auth: () => AuthDir;
  readonly servers: AccountServers;
  readonly clock: Clock;
  readonly log: Log;
  /** How often to look whether servers must be told again. */
  readonly intervalMs?: number;
}

/** The NATS servers' memory of accounts. */
export interface AccountServers {
  lookup(account: string): Promise<string | undefined>;
  /** Throws `ACCOUNT_REFUSED`. */
  update(jwt: string): Promise<void>;
}

/**
 * Servers forget nothing (full resolver); what a push could not reach, or another master undid, is made up for here:
 * at every revocation heard of, and every minute.
 */
export function createRevocations(parts: RevocationParts): Revocations {
  const { book, auth, servers, clock, log, intervalMs = 60_000 } = parts;
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;

  const bringUpToDate = async () => {
    const { index, accountJwt: bootstrap, operatorSigningSeed } = auth();
    const { environment: name, accounts, roles } = index;
    const revoked = allRevoked(index, book);
    for (const side of ['control', 'peels'] as const) {
      const replaces = (await servers.lookup(accounts[side])) ?? bootstrap(side);
      const content = { side, name, accounts, roles, revoked, replaces, now: clock.now() };
      if (!isCurrent(replaces, content)) await servers.update(accountJwt(content, operatorSigningSeed()));
    }
  };
  // One after the other, and one for all who ask while another runs: each replaces what is there.
  const push = (): Promise<void> => {
    queued ??= running
      .catch(() => {})
      .then(() => {
        queued = undefined;
        return bringUpToDate();
      });
    running = queued;
    return queued;
  };
  const sync = () => {
    push().catch((error) => log.warn('Account not updated on the servers', { error }));
  };
  const watching = book.onChange(({ state }) => {
    if (state === 'revoked') sync();
  });
  const timer = setInterval(sync, intervalMs);
  timer.unref();
  sync();

  return {
    push,
    revokedAt: (key) => allRevoked(auth().index, book)[key],
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      watching[Symbol.dispose]();
      await running.catch(() => {});
    },
  };
}

/** Operators of the auth folder and peels of the book. The later decision wins, should a key have been revoked twice. */
function allRevoked(index: AuthIndex, book: Book): Record<string, number> {
  const revoked: Record<string, number> = { ...index.revoked };
  for (const { state, key, decidedAt = 0 } of book.all()) {
    if (state === 'revoked') revoked[key] = Math.max(revoked[key] ?? 0, Math.floor(decidedAt / 1_000));
  }
  return revoked;
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
