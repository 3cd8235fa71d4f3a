import type { Server } from 'node:http';
import { ZesterError } from './errors.ts';
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
export async function serveHealth({ address, component, checks, metrics }: HealthOptions): Promise<Health> {
  if (address === '') return { port: 0, async [Symbol.asyncDispose]() {} };
  // Loaded when it is wanted: a peel without a listener is 2 MB smaller.
  const { createServer } = await import('node:http');
  const startedAt = performance.now();
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const json = (status: number, body: unknown) => answer(status, 'application/json', `${JSON.stringify(body)}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'GET only' });
    if (request.url === '/healthz') return json(200, { status: 'ok', component, version: build.version });
    if (request.url === '/readyz') {
      const results = Object.entries(checks).map(([name, check]) => [name, check()] as const);
      const status = worst(results.map(([, each]) => each.status));
      const uptime = Math.round((performance.now() - startedAt) / 1_000);
      return json(status === 'down' ? 503 : 200, {
        status,
        checks: Object.fromEntries(results),
        version: build.version,
        uptime,
      });
    }
    if (request.url === '/metrics') return answer(200, openMetrics, metricsText(metrics));
    return json(404, { error: 'Only /healthz, /readyz and /metrics are here' });
  });
  await listen(server, address);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

function worst(statuses: readonly Check['status'][]): Check['status'] {
  return statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'ok';
}

export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, help, type, values } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value } of values()) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
      lines.push(
        `${name}${type === 'counter' ? '_total' : ''}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`,
      );
    }
  }
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

async function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))];
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ZesterError('machine', 'HEALTH_ADDRESS_TAKEN', `Cannot listen on "${address}": ${cause.message}`, {
          cause,
          hint: 'Give another "health_addr", or an empty one for none',
        }),
      ),
    );
    server.listen(port, host || '127.0.0.1', resolve);
  });
}
