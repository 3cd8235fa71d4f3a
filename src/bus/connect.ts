import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { asError, ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { authenticator, userKey } from './authenticator.ts';
import { type Bus, type BusState, createBus } from './bus.ts';

export interface ConnectOptions {
  /** `tls://host:port`; anything else is refused. */
  readonly servers: readonly string[];
  /** File of the CA's root certificate, read again at every attempt, so that its rotation is a file put in place. */
  readonly caFile?: string | undefined;
  /** The same as text. Without either the system's store decides. */
  readonly ca?: string | undefined;
  /** A NATS credentials text (JWT and seed), or a way to get the current one: renewed credentials are used at the next connect. */
  readonly credentials: string | (() => string);
  /** Shown in the server's connection list: `zester-peel-web-01`. */
  readonly name: string;
  /**
   * A daemon retries for ever, from the first attempt on, and starts disconnected when it must. A command-line tool
   * fails fast.
   */
  readonly retry: boolean;
  readonly timeoutMs?: number;
  /** Between the first attempts, in milliseconds; the longer an outage lasts, the longer the later ones wait. */
  readonly reconnectMs?: number;
  /** Told why it is not connected: each attempt that failed, and what the server ends a connection with. */
  readonly onFailure?: ((error: ZesterError) => void) | undefined;
  /** Ends the attempts of a daemon. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a connection to NATS: TLS 1.3, nkey credentials, an inbox of one's own.
 * Throws `PLAINTEXT_REFUSED`, and without `retry` also `BUS_UNREACHABLE`, `BUS_UNTRUSTED` and `CREDENTIALS_REFUSED`.
 */
export async function connectBus(options: ConnectOptions): Promise<Bus> {
  const { servers, retry, reconnectMs = 2_000, onFailure = () => {}, signal } = options;
  for (const server of servers) requireTls(server);
  const outage = createOutage(reconnectMs);
  for (;;) {
    try {
      const connection = await attempt(options, outage.waitMs);
      const bus = createBus(connection);
      bus.onState(outage.tell);
      tellFailures(connection, (error) => onFailure(explain(error, servers)));
      return bus;
    } catch (error) {
      const failure = explain(error, servers);
      if (!retry) throw failure;
      onFailure(failure);
      await delay(outage.waitMs(), signal);
      if (signal?.aborted) throw failure;
    }
  }
}

async function attempt(
  { servers, credentials, name, retry, timeoutMs = 5_000, caFile, ca, onFailure }: ConnectOptions,
  waitMs: () => number,
): Promise<NatsConnection> {
  const current = lastReadable(typeof credentials === 'string' ? () => credentials : credentials, onFailure);
  const options = {
    servers: [...servers],
    name,
    // The credentials' own text may change under a running daemon: ask for it at every connect.
    authenticator: authenticator(current),
    inboxPrefix: `_INBOX_${userKey(current())}`,
    tls: {
      minVersion: 'TLSv1.3',
      handshakeFirst: true,
      ...(caFile === undefined ? {} : { caFile }),
      ...(ca === undefined ? {} : { ca }),
    },
    timeout: timeoutMs,
    ...(retry ? forEver : failFast),
    reconnectDelayHandler: waitMs,
  };
  return connect(options as Parameters<typeof connect>[0]);
}

/**
 * The client closes for good when it is given nothing to log in with. A file that is damaged for a while must not end
 * a daemon: what was read last is tried again meanwhile.
 */
function lastReadable(read: () => string, onFailure: ConnectOptions['onFailure']): () => string {
  let last: string | undefined;
  return () => {
    try {
      const text = read();
      userKey(text);
      last = text;
    } catch (error) {
      if (last === undefined) throw error;
      onFailure?.(asError(error));
    }
    return last;
  };
}

/** The client keeps to itself why an attempt to come back failed: it is asked where it dials. */
function tellFailures(connection: NatsConnection, tell: (error: unknown) => void): void {
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && isAboutLogin(status.error)) tell(status.error);
    }
  })().catch(tell);
  const { protocol } = connection as unknown as { readonly protocol?: { dial?: (server: unknown) => Promise<void> } };
  const dial = protocol?.dial?.bind(protocol);
  if (protocol === undefined || dial === undefined) return;
  protocol.dial = async (server) => {
    try {
      await dial(server);
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}

function isAboutLogin(error: Error): boolean {
  return /^(AuthorizationError|UserAuthenticationExpiredError)$/.test(error.name);
}

const longestWaitMs = 30_000;

/**
 * How long to wait between attempts: half of the outage so far, within bounds, and by chance a part of it, so that a
 * fleet does not come back at once. The client asks many times before one attempt: the answer must not count them.
 */
function createOutage(firstMs: number) {
  let since = performance.now();
  return {
    tell(state: BusState): void {
      if (state !== 'connected') since = performance.now();
    },
    waitMs(): number {
      const ceiling = Math.min(longestWaitMs, Math.max(firstMs, (performance.now() - since) / 2));
      return ceiling * (0.5 + Math.random() / 2);
    },
  };
}

const forEver = {
  reconnect: true,
  maxReconnectAttempts: -1,
  // The first connection is tried again here, where it can be said why it failed.
  waitOnFirstConnect: false,
  // An outage of the authority must heal by itself: no number of refusals is final.
  ignoreAuthErrorAbort: true,
  pingInterval: 20_000,
  maxPingOut: 3,
};

// The first attempt must work; a connection that was there once is worth some patience.
const failFast = { reconnect: true, maxReconnectAttempts: 30, waitOnFirstConnect: false, pingInterval: 20_000 };

/** Refuses every address that is not `tls://`. Throws `PLAINTEXT_REFUSED`. */
export function requireTls(server: string): void {
  if (/^tls:\/\/[^/]+/.test(server)) return;
  throw new ZesterError('usage', 'PLAINTEXT_REFUSED', `Cannot connect to "${server}": only TLS is spoken`, {
    hint: `Write "tls://${server.replace(/^\w+:\/\//, '')}"`,
  });
}

function explain(error: unknown, servers: readonly string[]): ZesterError {
  if (error instanceof ZesterError) return error;
  const where = servers.join(', ');
  const chain = [...messages(error)].join(': ');
  if (/certificate|self.signed|unable to (get|verify)|altname|UNABLE_TO|CERT_|ERR_TLS|SSL|tls/i.test(chain)) {
    return new ZesterError('denied', 'BUS_UNTRUSTED', `Cannot trust the NATS server at "${where}": ${chain}`, {
      cause: error,
      hint: 'Give the CA that issued its certificate with --ca, and reach it by a name the certificate carries',
    });
  }
  if (/authorization|authentication|expired|revoked/i.test(chain)) {
    return new ZesterError('denied', 'CREDENTIALS_REFUSED', `Cannot log in to NATS at "${where}": ${chain}`, {
      cause: error,
      hint: 'The credentials are expired, revoked, or of another environment: check --creds',
    });
  }
  return new ZesterError('unreachable', 'BUS_UNREACHABLE', `Cannot reach NATS at "${where}": ${chain}`, {
    cause: error,
    hint: 'Check that nats-server runs there and that the port is open',
  });
}

function* messages(error: unknown): Generator<string> {
  for (let each = error; each instanceof Error; each = each.cause) yield each.message || each.name;
}
