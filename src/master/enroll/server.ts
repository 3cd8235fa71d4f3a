import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { asError, families, ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Issued } from '#trust/ca.ts';
import { errorBody } from '#wire/error.ts';
import type { CertificateSource } from './certificate.ts';
import { rateLimit } from './limits.ts';
import { type Answer, findRoute, type RouteParts } from './routes.ts';

export interface EnrollServerParts extends Omit<RouteParts, 'waitMs'> {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly certificate: CertificateSource;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a question for a decision is held open. */
  readonly waitMs?: number;
  readonly maxConnections?: number;
  /** Requests in a burst, and for ever after each second, of one source. */
  readonly pace?: { readonly join: Pacing; readonly ask: Pacing };
}

interface Pacing {
  readonly burst: number;
  readonly perSecond: number;
}

/** The door of the fleet: HTTPS, TLS 1.3 and nothing else. */
export interface EnrollServer extends AsyncDisposable {
  readonly port: number;
}

const defaultPace = { join: { burst: 10, perSecond: 0.1 }, ask: { burst: 120, perSecond: 20 } };

const headers = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'",
  'referrer-policy': 'no-referrer',
};

export async function startEnrollServer(parts: EnrollServerParts): Promise<EnrollServer> {
  const { host, certificate, log } = parts;
  const answer = createAnswer(parts);
  const stopping = new AbortController();
  let server = await listen(certificate.current(), { ...parts, answer });
  const { port } = server.address() as AddressInfo;
  log.info('Enrolment service ready', { addr: host, port });

  // Bun cannot give a listening server another certificate: a new one takes the port over, the old one finishes what it began.
  const renewing = (async () => {
    for (;;) {
      const next = await certificate.next(stopping.signal);
      if (next === undefined) return;
      server.close();
      server = await listen(next, { ...parts, port, answer });
    }
  })();
  renewing.catch((error) => log.error('Enrolment service stopped', { error }));

  return {
    port,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await renewing.catch(() => {});
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(
  { certificate: cert, key }: Issued,
  { host, port, answer, maxConnections = 10_000 }: EnrollServerParts & { readonly answer: Handler },
): Promise<Server> {
  const server = createServer({ cert, key, minVersion: 'TLSv1.3', maxHeaderSize: 8_192 }, answer);
  server.maxConnections = maxConnections;
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 15_000;
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function createAnswer({ pace = defaultPace, waitMs = 25_000, clock, log, ...rest }: EnrollServerParts): Handler {
  const limits = { join: rateLimit({ ...pace.join, clock }), ask: rateLimit({ ...pace.ask, clock }) };

  const run = async (request: IncomingMessage, signal: AbortSignal): Promise<Answer> => {
    const { pathname } = new URL(request.url ?? '/', 'https://host');
    // The peer's address, never a header: headers are what the caller says of itself.
    const source = request.socket.remoteAddress ?? '';
    const route = findRoute({ ...rest, waitMs }, request.method ?? '', pathname);
    const wait = limits[route?.pace ?? 'ask'].take(source);
    if (wait > 0) return { status: 429, body: { error: errorBody(tooFast(wait)) } };
    if (route === undefined) return { status: 404, body: { error: errorBody(noRoute()) } };
    try {
      return await route.run(request, source, signal);
    } catch (thrown) {
      const error = asError(thrown);
      log[families[error.family].log]('Enrolment request refused', { addr: source, path: pathname, error });
      return { status: statusFor(error), body: { error: errorBody(error.family === 'bug' ? internal() : error) } };
    }
  };

  return (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    void run(request, gone.signal).then(({ status, body }) => {
      if (response.destroyed) return;
      const text = JSON.stringify(body);
      response.writeHead(status, { ...headers, ...(status === 429 ? { 'retry-after': '10' } : {}) });
      response.end(text);
    });
  };
}

function statusFor({ family, code }: ZesterError): number {
  if (code === 'ENROLL_UNKNOWN') return 404;
  if (code === 'ENROLL_ID_TAKEN') return 409;
  if (code === 'CHALLENGE_INVALID') return 401;
  return families[family].http;
}

function tooFast(waitMs: number): ZesterError {
  return new ZesterError('unreachable', 'ENROLL_TOO_FAST', 'Cannot answer: too many requests from this address', {
    hint: `Wait ${Math.ceil(waitMs / 1_000)} seconds`,
  });
}

function noRoute(): ZesterError {
  return new ZesterError('usage', 'ROUTE_UNKNOWN', 'Cannot answer: there is nothing at this address');
}

/** What went wrong inside is for our log, not for a stranger. */
function internal(): ZesterError {
  return asError(new Error('Cannot answer: something went wrong here'));
}
