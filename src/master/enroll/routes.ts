import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { type CaDocument, FetchRequest, JoinRequest, RenewRequest } from '#wire/enroll.ts';
import type { EnrollmentService } from './enrollment.ts';

/** What an HTTP request came to. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface RouteParts {
  readonly enrollment: EnrollmentService;
  /** Undefined when the certificate comes from elsewhere: peels then need no document, or have it as a file. */
  readonly caDocument: () => CaDocument | undefined;
  readonly waitMs: number;
}

/** How often somebody may come: asking is cheap, joining is not. */
export type Pace = 'join' | 'ask';

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly pace: Pace;
  handle(call: Call, parts: RouteParts): Promise<Answer>;
}

interface Call {
  readonly id: string;
  readonly source: string;
  readonly signal: AbortSignal;
  body(): Promise<unknown>;
}

const bodyLimit = 4_096;

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/api\/v1\/enroll\/ca$/,
    pace: 'ask',
    async handle(_, { caDocument }) {
      const document = caDocument();
      if (document !== undefined) return ok(document);
      throw new ZesterError('usage', 'CA_EXTERNAL', 'Cannot give the CA: certificates here come from elsewhere');
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/challenge$/,
    pace: 'ask',
    handle: async (_, { enrollment }) => ok(enrollment.challenge()),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll$/,
    pace: 'join',
    handle: async ({ body, source }, { enrollment }) =>
      ok(await enrollment.join(parse(JoinRequest, await body()), source)),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/renew$/,
    pace: 'ask',
    handle: async ({ body }, { enrollment }) => ok(await enrollment.renew(parse(RenewRequest, await body()))),
  },
  {
    method: 'GET',
    path: /^\/api\/v1\/enroll\/(?<id>enr-[0-9A-Za-z]{27})$/,
    pace: 'ask',
    // Waits for a decision: one request in half a minute instead of a poll every few seconds.
    handle: async ({ id, signal }, { enrollment, waitMs }) => {
      const over = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
      return ok(await enrollment.settled(id, over));
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/(?<id>enr-[0-9A-Za-z]{27})\/credentials$/,
    pace: 'ask',
    handle: async ({ id, body }, { enrollment }) => ok(await enrollment.fetch(id, parse(FetchRequest, await body()))),
  },
];

export interface Found {
  readonly pace: Pace;
  run(request: IncomingMessage, source: string, signal: AbortSignal): Promise<Answer>;
}

export function findRoute(parts: RouteParts, method: string, path: string): Found | undefined {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match === null) continue;
    const id = match.groups?.id ?? '';
    return {
      pace: route.pace,
      run: (request, source, signal) => route.handle({ id, source, signal, body: () => readJson(request) }, parts),
    };
  }
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) throw malformed(`it has more than ${bodyLimit} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw malformed('it is not JSON');
  }
}

function parse<Schema extends z.ZodMiniType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw malformed(`"${parsed.error.issues[0]?.path.join('.') ?? ''}" is not as it must be`);
}

function malformed(reason: string): ZesterError {
  return new ZesterError('usage', 'ENROLL_MALFORMED', `Cannot read the request: ${reason}`);
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
