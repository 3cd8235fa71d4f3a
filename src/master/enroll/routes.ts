import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import type { HttpRequest } from '#base/http/door.ts';
import { type CaDocument, FetchRequest, JoinRequest, RenewRequest } from '#wire/enroll.ts';
import type { EnrollmentService } from './enrollment.ts';

export interface RouteParts {
  readonly enrollment: EnrollmentService;
  /** Undefined when the certificate comes from elsewhere: peels then need no document, or have it as a file. */
  readonly caDocument: () => CaDocument | undefined;
  readonly waitMs: number;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Undefined for what costs no more than refusing it. */
  readonly pace: 'join' | 'ask' | undefined;
  handle(call: Call, parts: RouteParts): Promise<unknown> | unknown;
}

interface Call {
  readonly id: string;
  readonly source: string;
  readonly signal: AbortSignal;
  body(): unknown;
}

export const bodyLimit = 4_096;

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/api\/v1\/enroll\/ca$/,
    pace: undefined,
    handle(_, { caDocument }) {
      const document = caDocument();
      if (document !== undefined) return document;
      throw new ZesterError('usage', 'CA_EXTERNAL', 'Cannot give the CA: certificates here come from elsewhere');
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/challenge$/,
    pace: undefined,
    handle: (_, { enrollment }) => enrollment.challenge(),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll$/,
    pace: 'join',
    handle: ({ body, source }, { enrollment }) => enrollment.join(parse(JoinRequest, body()), source),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/renew$/,
    pace: 'ask',
    handle: ({ body }, { enrollment }) => enrollment.renew(parse(RenewRequest, body())),
  },
  {
    method: 'GET',
    path: /^\/api\/v1\/enroll\/(?<id>enr-[0-9A-Za-z]{27})$/,
    pace: 'ask',
    // Waits for a decision: one request in half a minute instead of a poll every few seconds.
    handle: ({ id, signal }, { enrollment, waitMs }) =>
      enrollment.settled(id, AbortSignal.any([signal, AbortSignal.timeout(waitMs)])),
  },
  {
    method: 'POST',
    path: /^\/api\/v1\/enroll\/(?<id>enr-[0-9A-Za-z]{27})\/credentials$/,
    pace: 'ask',
    handle: ({ id, body }, { enrollment }) => enrollment.fetch(id, parse(FetchRequest, body())),
  },
];

export interface Found {
  readonly pace: Route['pace'];
  /** The join token that came along, whether or not it is any good. */
  token(request: HttpRequest): string | undefined;
  run(request: HttpRequest): Promise<unknown>;
}

export function findRoute(parts: RouteParts, method: string, path: string): Found | undefined {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match === null) continue;
    const id = match.groups?.id ?? '';
    return {
      pace: route.pace,
      token: (request) => tokenIn(request, route.pace === 'join'),
      run: async (request) => {
        const { source, signal } = request;
        return route.handle({ id, source, signal, body: () => readJson(request) }, parts);
      },
    };
  }
  return undefined;
}

/** In the head, where every request of a peel that has one shows it; or, to join, in the body. */
function tokenIn(request: HttpRequest, alsoInBody: boolean): string | undefined {
  const shown = /^Bearer (tok-[\w.-]{1,120})$/.exec(request.header('authorization') ?? '')?.[1];
  if (shown !== undefined || !alsoInBody) return shown;
  const body = z.safeParse(
    z.object({ token: JoinRequest.shape.token }),
    silently(() => readJson(request)),
  );
  return body.data?.token;
}

function silently(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readJson({ body }: HttpRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
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
