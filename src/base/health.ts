import { asError, isError, ZesterError } from './errors.ts';
import { type HttpAnswer, type HttpRequest, openDoor } from './http/door.ts';
import { build } from './version.ts';

/** `down` takes a daemon out of traffic; `degraded` only tells. */
export interface Check {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly message?: string;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Label set → value; one entry with an empty label set for a plain number. */
  readonly values: () => readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface HealthOptions {
  /** `host:port`; an empty one opens no listener. */
  readonly address: string;
  readonly component: string;
  readonly checks: Readonly<Record<string, () => Check>>;
  readonly metrics: readonly Metric[];
}

export interface Health extends AsyncDisposable {
  readonly port: number;
}

/**
 * `/healthz` answers 200 while the process serves; `/readyz` 503 when a check is down; `/metrics` in OpenMetrics.
 * Plain HTTP, for the machine itself. Throws `HEALTH_ADDRESS_TAKEN`.
 */
export async function serveHealth(options: HealthOptions): Promise<Health> {
  const { address } = options;
  if (address === '') return { port: 0, async [Symbol.asyncDispose]() {} };
  const { createServer } = await import('node:net');
  const startedAt = performance.now();
  const colon = address.lastIndexOf(':');
  const place = { host: address.slice(0, colon) || '127.0.0.1', port: Number(address.slice(colon + 1)) };
  try {
    return await openDoor(createServer(), place, {
      answer: (request) => answer(request, options, startedAt),
      failed: (error) => json(isError(error, 'BODY_TOO_LONG') ? 413 : 500, { error: 'Cannot answer' }),
      maxBodyBytes: 0,
      crowd: { connections: 500, perSource: 500 },
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ZesterError('machine', 'HEALTH_ADDRESS_TAKEN', `Cannot listen on "${address}": ${message}`, {
      cause,
      hint: 'Give another "health_addr", or an empty one for none',
    });
  }
}

function answer({ method, path }: HttpRequest, options: HealthOptions, startedAt: number): HttpAnswer {
  const { component, checks, metrics } = options;
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'GET only' });
  switch (path) {
    case '/healthz':
      return json(200, { status: 'ok', component, version: build.version });
    case '/readyz': {
      const results = Object.entries(checks).map(([name, check]) => [name, outcome(check)] as const);
      const status = worst(results.map(([, each]) => each.status));
      const uptime = Math.round((performance.now() - startedAt) / 1_000);
      const told = { status, checks: Object.fromEntries(results), version: build.version, uptime };
      return json(status === 'down' ? 503 : 200, told);
    }
    case '/metrics':
      return say(200, openMetrics, metricsText(metrics));
    default:
      return json(404, { error: 'Only /healthz, /readyz and /metrics are here' });
  }
}

/** A check that fails to look has not found that all is well. */
function outcome(check: () => Check): Check {
  try {
    return check();
  } catch (error) {
    return { status: 'down', message: asError(error).message };
  }
}

function json(status: number, body: unknown): HttpAnswer {
  return say(status, 'application/json', `${JSON.stringify(body)}\n`);
}

function say(status: number, type: string, body: string): HttpAnswer {
  return { status, headers: { 'content-type': type, 'cache-control': 'no-store' }, body };
}

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

function worst(statuses: readonly Check['status'][]): Check['status'] {
  return statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'ok';
}

export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, help, type, values } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value } of read(values)) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
      lines.push(
        `${name}${type === 'counter' ? '_total' : ''}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`,
      );
    }
  }
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

/** One that cannot be read is missing, and takes no other along. */
function read(values: Metric['values']): ReturnType<Metric['values']> {
  try {
    return values();
  } catch {
    return [];
  }
}
