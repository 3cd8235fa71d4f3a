import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

export interface DoorAnswer {
  readonly status: number;
  /** The code of the error it tells, if it does. */
  readonly code: string | undefined;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

let sources = 1;

/** A source address that nobody had before: what one does to the pace of its own is not done to another's. */
export function nextSource(): string {
  sources++;
  return `127.0.${1 + Math.floor(sources / 250)}.${1 + (sources % 250)}`;
}

/** One request to the HTTPS door, from an address of its own unless one is given. */
export function knock(
  url: string,
  path: string,
  { ca, body, from = nextSource() }: { readonly ca: string; readonly body?: unknown; readonly from?: string },
): Promise<DoorAnswer> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const options = { host: '127.0.0.1', port, path, ca, localAddress: from, agent: false, timeout: 10_000 };
    const asked = request({ ...options, method: payload === undefined ? 'GET' : 'POST' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        const parsed = (text === '' ? {} : JSON.parse(text)) as DoorAnswer['body'] & { error?: { code?: string } };
        resolve({ status: answer.statusCode ?? 0, code: parsed.error?.code, text, body: parsed });
      });
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.once('error', reject);
    asked.end(payload);
  });
}

/** The protocol that a TLS handshake comes to; rejects when it comes to none. */
export function shake(port: number, options: ConnectionOptions): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ...options }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

/** An open TLS connection, after its handshake. */
export function openTls(port: number, ca: string): Promise<TLSSocket> {
  const options: ConnectionOptions & { readonly localAddress: string } = {
    ...{ host: '127.0.0.1', port, ca },
    localAddress: nextSource(),
  };
  return new Promise((resolve, reject) => {
    const socket = connectTls(options, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** An open connection on which nothing was said. */
export function openPlain(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: nextSource() }, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** What the other side says until it closes, or for so long. */
export function heardFrom(
  socket: Socket,
  withinMs: number,
): Promise<{ readonly text: string; readonly closed: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    const done = (closed: boolean) => resolve({ text, closed });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.once('close', () => done(true));
    setTimeout(() => done(false), withinMs).unref();
  });
}
