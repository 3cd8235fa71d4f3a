import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { accountJwt } from '#trust/account.ts';
import type { AuthDir } from '#trust/auth-dir.ts';
import type { Book } from './book.ts';

/** The account as NATS servers know it: today's grants, and whom they shut out. */
export interface Revocations extends AsyncDisposable {
  /** Brings the servers up to date; resolves when one confirmed, rejects when none did. */
  push(): Promise<void>;
  /** Seconds since the Unix epoch when a key was revoked. */
  revokedAt(key: string): number | undefined;
}

export interface RevocationParts {
  readonly book: Book;
  readonly auth: () => AuthDir;
  /** Gives an account JWT to the servers, over the system account. */
  readonly publish: (jwt: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** How often to look whether servers must be told again. */
  readonly intervalMs?: number;
}

/** Servers forget nothing (full resolver), but one that was away, or a push that failed, is made up for here. */
export function createRevocations(parts: RevocationParts): Revocations {
  const { book, auth, publish, clock, log, intervalMs = 60_000 } = parts;
  let pushed = '';
  let last: string | undefined;
  let running: Promise<void> = Promise.resolve();

  const current = () => {
    const { index } = auth();
    const revoked = { ...index.revoked, ...revokedPeels(book) };
    return { index, revoked, fingerprint: JSON.stringify([index, Object.entries(revoked).toSorted()]) };
  };
  const push = async () => {
    const { index, revoked, fingerprint } = current();
    const { environment: name, account, roles } = index;
    const replaces = last ?? auth().accountJwt();
    const content = { name, account, roles, revoked, replaces, now: clock.now() };
    const jwt = accountJwt(content, auth().operatorSigningSeed());
    await publish(jwt);
    [pushed, last] = [fingerprint, jwt];
  };
  // One after the other: two at once could reach a server in the wrong order within the same second.
  const inTurn = (): Promise<void> => {
    running = running.catch(() => {}).then(push);
    return running;
  };
  const sync = () => {
    if (current().fingerprint === pushed) return;
    inTurn().catch((error) => log.warn('Account not updated on the servers', { error }));
  };
  const watching = book.onChange(({ state }) => {
    if (state === 'revoked') sync();
  });
  const timer = setInterval(sync, intervalMs);
  timer.unref();
  sync();

  return {
    push: inTurn,
    revokedAt: (key) => current().revoked[key],
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      watching[Symbol.dispose]();
      await running.catch(() => {});
    },
  };
}

/** The later decision wins, should a key have been revoked twice. */
function revokedPeels(book: Book): Record<string, number> {
  const revoked: Record<string, number> = {};
  for (const { state, key, decidedAt = 0 } of book.all()) {
    if (state === 'revoked') revoked[key] = Math.max(revoked[key] ?? 0, Math.floor(decidedAt / 1_000));
  }
  return revoked;
}

interface Asking {
  request(subject: string, payload: string, options: { timeout: number }): Promise<{ json<T>(): T }>;
}

interface UpdateReply {
  readonly error?: { readonly description?: string };
  readonly data?: { readonly code?: number; readonly message?: string };
}

/** The way to publish account JWTs over a system-account connection. Throws `ACCOUNT_REFUSED`. */
export function publishAccounts(connection: Asking): (jwt: string) => Promise<void> {
  return async (jwt) => {
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
  };
}
