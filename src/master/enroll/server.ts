import { createServer, type Server } from 'node:tls';
import { asError, families, ZesterError } from '#base/errors.ts';
import type { CrowdLimits } from '#base/http/crowd.ts';
import { type HttpAnswer, type HttpRequest, openDoor } from '#base/http/door.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Issued } from '#trust/ca.ts';
import type { CertificateSource } from './certificate.ts';
import { errorForStrangers } from './discretion.ts';
import { type Pace, type Pacing, rateLimit } from './limits.ts';
import { bodyLimit, findRoute, type RouteParts } from './routes.ts';

export interface EnrollServerParts extends Omit<RouteParts, 'waitMs'> {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly certificate: CertificateSource;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a question for a decision is held open. */
  readonly waitMs?: number;
  readonly crowd?: Partial<CrowdLimits>;
  readonly pace?: Readonly<Partial<Record<Pace, Pacing>>>;
}

/** The door of the fleet: HTTPS, TLS 1.3 and nothing else. */
export interface EnrollServer extends AsyncDisposable {
  readonly port: number;
  /** Connections there are. */
  readonly size: number;
}

const defaultPace: Readonly<Record<Pace, Pacing>> = {
  join: { burst: 10, perSecond: 0.1 },
  ask: { burst: 120, perSecond: 20 },
  token: { burst: 1_000, perSecond: 100 },
};

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
  const { host, port, certificate, crowd, log } = parts;
  const server = createServer(secured(certificate.current()));
  const door = await openDoor(
    server,
    { host, port },
    {
      answer: createAnswer(parts),
      failed: (error, request) => refusal(error, request, log),
      maxBodyBytes: bodyLimit,
      ...(crowd === undefined ? {} : { crowd }),
    },
  );
  log.info('Enrolment service ready', { addr: host, port: door.port });
  const stopping = new AbortController();
  const renewing = renew(server, parts, stopping.signal).catch((error) => {
    log.error('Enrolment certificate no longer renewed', { error });
  });

  return {
    port: door.port,
    get size() {
      return door.size;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await renewing;
      await door[Symbol.asyncDispose]();
    },
  };
}

function secured({ certificate: cert, key }: Issued) {
  return { cert, key, minVersion: 'TLSv1.3' as const };
}

async function renew(server: Server, { certificate, log }: EnrollServerParts, signal: AbortSignal): Promise<void> {
  for (;;) {
    const next = await certificate.next(signal);
    if (next === undefined) return;
    try {
      server.setSecureContext(secured(next));
    } catch (error) {
      log.error('Enrolment certificate refused; the one before stays in use', { error });
    }
  }
}

function createAnswer({ pace = {}, waitMs = 25_000, clock, ...rest }: EnrollServerParts) {
  const paces = { ...defaultPace, ...pace };
  const limits = {
    join: rateLimit({ ...paces.join, clock }),
    ask: rateLimit({ ...paces.ask, clock }),
    token: rateLimit({ ...paces.token, clock }),
  };

  return async (request: HttpRequest): Promise<HttpAnswer> => {
    const { method, path, source } = request;
    const route = findRoute({ ...rest, waitMs }, method, path);
    if (route === undefined) throw noRoute();
    const { pace: asked } = route;
    if (asked !== undefined) {
      // Who shows a join token is counted by the token: no flood from elsewhere, or from beside it, uses that up.
      const token = rest.enrollment.knownToken(route.token(request) ?? '');
      const wait = token === undefined ? limits[asked].take(source) : limits.token.take(token);
      if (wait > 0) throw tooFast(wait);
    }
    return json(200, await route.run(request));
  };
}

function refusal(thrown: unknown, request: HttpRequest | undefined, log: Log): HttpAnswer {
  const error = asError(thrown);
  // A flood must not fill the log as well.
  const level = error.code === 'ENROLL_TOO_FAST' ? 'debug' : families[error.family].log;
  log[level]('Enrolment request refused', { addr: request?.source, path: request?.path, error });
  const body = { error: errorForStrangers(error) };
  const answer = json(statusFor(error), body);
  return answer.status === 429 ? { ...answer, headers: { ...answer.headers, 'retry-after': '10' } } : answer;
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, headers, body: JSON.stringify(body) };
}

const statuses: Readonly<Record<string, number>> = {
  BODY_TOO_LONG: 413,
  CHALLENGE_INVALID: 401,
  ENROLL_TOO_FAST: 429,
  ENROLL_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
};

function statusFor({ family, code }: ZesterError): number {
  return statuses[code] ?? families[family].http;
}

function tooFast(waitMs: number): ZesterError {
  return new ZesterError('unreachable', 'ENROLL_TOO_FAST', 'Cannot answer: too many requests from this address', {
    hint: `Wait ${Math.ceil(waitMs / 1_000)} seconds`,
  });
}

function noRoute(): ZesterError {
  return new ZesterError('usage', 'ROUTE_UNKNOWN', 'Cannot answer: there is nothing at this address');
}
