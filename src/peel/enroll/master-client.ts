import * as z from 'zod/mini';
import { asError, ZesterError } from '#base/errors.ts';
import { HttpError } from '#wire/enroll.ts';
import { errorFrom } from '#wire/error.ts';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The masters' HTTPS door: stays with one that answers, moves on from one that does not. */
export interface MasterClient {
  /** Throws `MASTER_UNREACHABLE`, `MASTER_UNTRUSTED`, and what the master says. */
  ask<Schema extends z.ZodMiniType>(schema: Schema, call: Call): Promise<z.output<Schema>>;
  readonly url: string;
}

export interface MasterClientOptions {
  readonly urls: readonly string[];
  /** PEM of the root; undefined leaves it to the system's store. */
  readonly ca?: string | undefined;
  /** A join token, shown with every request: the master does not count those among strangers'. */
  readonly token?: string | undefined;
  /** Told of each master that did not answer, or is not ours. */
  readonly onPassedOver?: (url: string, error: ZesterError) => void;
}

const answerLimit = 256 * 1024;

export function masterClient({ urls, ca, token, onPassedOver = () => {} }: MasterClientOptions): MasterClient {
  for (const url of urls) checkUrl(url);
  let chosen = 0;
  const current = () => urls[chosen % urls.length] ?? '';
  return {
    get url() {
      return current();
    },
    async ask(schema, call) {
      for (let tries = 1; ; tries++) {
        try {
          return parse(schema, await send(current(), { ...call, ca, token }));
        } catch (error) {
          if (!isPassedOver(error)) throw error;
          if (!call.signal?.aborted) onPassedOver(current(), asError(error));
          chosen++;
          if (tries >= urls.length || call.signal?.aborted) throw error;
        }
      }
    },
  };
}

/** What a master decided another would decide too; only one that is silent or not ours is passed over. */
function isPassedOver(error: unknown): boolean {
  const { family, code } = asError(error);
  return family === 'unreachable' || family === 'bug' || code === 'MASTER_UNTRUSTED';
}

/** The one unverified request there is: for a document that is believed only when it fits a pin. */
export async function askUnverified<Schema extends z.ZodMiniType>(
  schema: Schema,
  url: string,
  call: Call,
): Promise<z.output<Schema>> {
  checkUrl(url);
  return parse(schema, await send(url, { ...call, unverified: true }));
}

interface Sending extends Call {
  readonly ca?: string | undefined;
  readonly token?: string | undefined;
  readonly unverified?: boolean;
}

async function send(url: string, sending: Sending) {
  const { method, path, body, timeoutMs = 10_000, signal, ca, unverified = false } = sending;
  // A peel that has its credentials asks masters once in weeks.
  const { request } = await import('node:https');
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const outgoing = request(new URL(path, url), {
    method,
    agent: false,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: !unverified,
    ...(ca === undefined ? {} : { ca }),
    headers: headersOf(text, sending),
  });
  const fail = (error: unknown) => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    outgoing.destroy();
    reject(error instanceof ZesterError ? error : explain(error, url));
  };
  const abort = () => fail(new Error('stopped'));
  const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs / 1_000} seconds`)), timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  outgoing.on('error', fail);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('error', fail);
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > answerLimit) fail(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    response.on('end', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      try {
        resolve(read(Buffer.concat(chunks).toString('utf8'), response.statusCode ?? 0));
      } catch (error) {
        fail(error);
      }
    });
  });
  outgoing.end(text);
  return promise;
}

/** A token goes to a master that was verified, and only when it is one: what is not would break the head. */
function headersOf(text: string | undefined, { token, unverified }: Sending) {
  const shown = !unverified && token !== undefined && /^[\w.-]{1,128}$/.test(token);
  return {
    ...(shown ? { authorization: `Bearer ${token}` } : {}),
    ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
}

function read(text: string, status: number): unknown {
  const value: unknown = JSON.parse(text);
  if (status === 200) return value;
  const failed = z.safeParse(HttpError, value);
  throw failed.success ? errorFrom(failed.data.error) : new Error(`it answered with status ${status}`);
}

function parse<Schema extends z.ZodMiniType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  throw new ZesterError(
    'unreachable',
    'MASTER_ANSWER_UNKNOWN',
    'Cannot read the answer of the master: it does not fit',
    {
      hint: 'Check that master_urls name a Zester master of about this version',
    },
  );
}

function explain(error: unknown, url: string): ZesterError {
  const { code = '', message } = error as { code?: string; message: string };
  if (/CERT|ISSUER|SIGNATURE|ALTNAME|SELF_SIGNED|UNABLE_TO|SSL|TLS/.test(code)) {
    return new ZesterError('denied', 'MASTER_UNTRUSTED', `Cannot trust the master at "${url}": ${message}`, {
      cause: error,
      hint: 'Give the pin from "zester ca fingerprint" as enroll_ca_pin, and use a name its certificate carries',
    });
  }
  return new ZesterError('unreachable', 'MASTER_UNREACHABLE', `Cannot reach the master at "${url}": ${message}`, {
    cause: error,
  });
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return;
  throw new ZesterError('source', 'MASTER_URL_INVALID', `Cannot enrol with "${url}": only https:// is spoken`, {
    hint: 'Write it as "https://zester.example.com:8443"',
  });
}
