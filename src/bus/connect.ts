import { connect } from '@nats-io/transport-node';
import { ZesterError } from '#base/errors.ts';
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
}

/**
 * Opens a connection to NATS: TLS 1.3, nkey credentials, an inbox of one's own.
 * Throws `PLAINTEXT_REFUSED`, and without `retry` also `BUS_UNREACHABLE`, `BUS_UNTRUSTED` and `CREDENTIALS_REFUSED`.
 */
export async function connectBus({
  servers,
  credentials,
  name,
  retry,
  timeoutMs = 5_000,
  reconnectMs = 2_000,
  ...trust
}: ConnectOptions): Promise<Bus> {
  for (const server of servers) requireTls(server);
  const current = typeof credentials === 'string' ? () => credentials : credentials;
  const outage = createOutage(reconnectMs);
  const options = {
    servers: [...servers],
    name,
    // The credentials' own text may change under a running daemon: ask for it at every connect.
    authenticator: authenticator(current),
    inboxPrefix: `_INBOX_${userKey(current())}`,
    tls: { minVersion: 'TLSv1.3', handshakeFirst: true, ...trust },
    timeout: timeoutMs,
    ...(retry ? forEver : failFast),
    reconnectDelayHandler: outage.waitMs,
  };
  try {
    const bus = createBus(await connect(options as Parameters<typeof connect>[0]));
    bus.onState(outage.tell);
    return bus;
  } catch (error) {
    throw explain(error, servers);
  }
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
  waitOnFirstConnect: true,
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
