import { connect as openTcp, type Socket } from 'node:net';
import { connect as openTls } from 'node:tls';

export interface RawAnswer {
  /** All that came back. */
  readonly text: string;
  /** Of the first answer; 0 when there was none. */
  readonly status: number;
  /** Whether the other side ended the connection. */
  readonly closed: boolean;
  readonly tookMs: number;
}

export interface RawOptions {
  readonly tls?: boolean;
  /** Gives up after this long; the answer then says `closed: false`. */
  readonly withinMs?: number;
  /** Stops as soon as this many answers have come. */
  readonly answers?: number;
  readonly localAddress?: string;
}

/** Says exactly these bytes; a number is a pause in milliseconds, for who speaks slowly. */
export async function rawHttp(
  port: number,
  says: readonly (string | Buffer | number)[],
  { tls = true, withinMs = 3_000, answers = 1, localAddress }: RawOptions = {},
): Promise<RawAnswer> {
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const address = { host: '127.0.0.1', port, ...(localAddress === undefined ? {} : { localAddress }) };
  const socket: Socket = tls ? openTls({ ...address, rejectUnauthorized: false }) : openTcp(address);
  const received: string[] = [];
  const timer = setTimeout(() => resolve(false), withinMs);
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('close', () => resolve(true));
  socket.on('data', (text: string) => {
    received.push(text);
    if (received.join('').split('HTTP/1.1 ').length > answers) setTimeout(() => resolve(false), 20);
  });
  socket.once(tls ? 'secureConnect' : 'connect', async () => {
    for (const each of says) {
      if (typeof each === 'number') await new Promise((done) => setTimeout(done, each));
      else if (socket.writable) socket.write(each);
    }
  });
  const closed = await promise;
  clearTimeout(timer);
  socket.destroy();
  const text = received.join('');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  return { text, status, closed, tookMs: performance.now() - started };
}
