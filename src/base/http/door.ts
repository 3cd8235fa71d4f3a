import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server as Listener, Socket } from 'node:net';
import { isError } from '../errors.ts';
import { checkLength, hasBody, readBody } from './body.ts';
import { type CrowdLimits, createCrowd, defaultCrowd, type Phase } from './crowd.ts';

/** A request as it came in whole. */
export interface HttpRequest {
  readonly method: string;
  /** Path of its target; empty when the target holds none. */
  readonly path: string;
  /** The other side's address, never a header: headers are what the caller says of itself. */
  readonly source: string;
  readonly body: Buffer;
  /** Aborts when the other side is gone. */
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface DoorOptions {
  readonly answer: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer;
  /** What is said when `answer` threw; for a request that never became one, when it could not be read. */
  readonly failed: (error: unknown, request: HttpRequest | undefined) => HttpAnswer;
  readonly maxBodyBytes: number;
  readonly crowd?: Partial<CrowdLimits>;
}

export interface Door extends AsyncDisposable {
  readonly port: number;
  /** Connections there are. */
  readonly size: number;
}

const maxHeaderBytes = 8_192;
/** Requests of one connection that are not answered yet. */
const maxPipelined = 4;

/**
 * The one door for HTTP. Every request ends in an answer or in a closed socket, whatever it holds and whatever goes
 * wrong behind the door: nothing said here, and nothing thrown, gets further than this file. The listener is one of
 * `net` or of `tls`; it is closed with the door. Rejects when it cannot listen.
 */
export async function openDoor(
  listener: Listener,
  address: { readonly host: string; readonly port: number },
  options: DoorOptions,
): Promise<Door> {
  // Loaded when it is wanted: a peel without a listener is 2 MB smaller.
  const { createServer } = await import('node:http');
  const limits = { ...defaultCrowd, ...options.crowd };
  const crowd = createCrowd(limits);
  const pipelined = new WeakMap<Socket, number>();

  const take = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const ahead = pipelined.get(socket) ?? 0;
    if (ahead >= maxPipelined) return void socket.destroy();
    pipelined.set(socket, ahead + 1);
    const gone = new AbortController();
    for (const each of [request, response]) each.on('error', () => {});
    response.once('close', () => {
      gone.abort();
      pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1);
      crowd.move(socket, 'head');
    });
    const advance = (phase: Phase) => crowd.move(socket, phase);
    answerTo(request, response, { ...options, advance, signal: gone.signal }).catch(() => socket.destroy());
  };

  const http = createServer({ maxHeaderSize: maxHeaderBytes }, take);
  // Whether a body is wanted is seen by its length: those who ask first are told to go on, or why not.
  http.on('checkContinue', take);
  http.on('checkExpectation', (_, response: ServerResponse) => refuse(response.socket, '417 Expectation Failed'));
  http.on('connect', (_, socket: Socket) => refuse(socket, '405 Method Not Allowed'));
  http.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW' || /overflow/i.test(error.message);
    refuse(socket, tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request');
  });

  const isTls = 'setSecureContext' in listener;
  listener.on('connection', (socket: Socket) => {
    crowd.admit(socket, isTls ? 'greeting' : 'head');
    if (!isTls) http.emit('connection', socket);
  });
  listener.on('secureConnection', (socket: Socket) => {
    crowd.move(socket, 'head');
    http.emit('connection', socket);
  });
  listener.on('tlsClientError', (_, socket: Socket) => socket.destroy());
  await listen(listener, address);

  return {
    port: (listener.address() as AddressInfo).port,
    get size() {
      return crowd.size;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve));
      crowd.clear();
      await closed;
    },
  };
}

interface Answering extends DoorOptions {
  readonly advance: (phase: Phase) => void;
  readonly signal: AbortSignal;
}

async function answerTo(incoming: IncomingMessage, response: ServerResponse, answering: Answering): Promise<void> {
  const { answer, failed, maxBodyBytes, advance, signal } = answering;
  let request: HttpRequest | undefined;
  let reply: HttpAnswer;
  try {
    checkLength(incoming, maxBodyBytes);
    advance('body');
    if (/^100-continue$/i.test(incoming.headers.expect ?? '')) response.writeContinue();
    const body = hasBody(incoming) ? await readBody(incoming, maxBodyBytes) : Buffer.alloc(0);
    advance('answer');
    request = asRequest(incoming, body, signal);
    reply = await answer(request);
  } catch (error) {
    // There is nobody left to tell.
    if (isError(error, 'BODY_CUT')) return void incoming.socket.destroy();
    advance('answer');
    reply = failed(error, request);
  }
  give(response, reply, { bodyless: incoming.method === 'HEAD', last: request === undefined });
}

function asRequest({ method = '', url = '', socket, headers }: IncomingMessage, body: Buffer, signal: AbortSignal) {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
  return { method, path: pathOf(url), source: socket.remoteAddress ?? '', body, signal, header };
}

/** `/path?query`, or the absolute form that proxies send. What is neither has no path: it is not an error to ask. */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target.split('?', 1)[0] ?? '';
  return URL.canParse(target) ? new URL(target).pathname : '';
}

/** With `last` the connection ends: the rest of an unread body would be taken for the next request. */
function give(
  response: ServerResponse,
  { status, headers = {}, body }: HttpAnswer,
  { bodyless, last }: { readonly bodyless: boolean; readonly last: boolean },
): void {
  if (response.destroyed || response.writableEnded) return;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...headers, ...length, ...(last ? { connection: 'close' } : {}) });
  response.end(bodyless ? undefined : body);
}

/** For what is no request that a handler could see. */
function refuse(socket: Socket | null, status: string): void {
  if (socket === null) return;
  try {
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  } finally {
    // It has said what it had to say; whether it was heard is its own affair.
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }
}

const lingerMs = 100;

function listen(listener: Listener, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, () => {
      listener.removeListener('error', reject);
      // Such as having run out of file descriptors: those who wait are taken later.
      listener.on('error', () => {});
      resolve();
    });
  });
}
