import type { IncomingMessage } from 'node:http';
import { ZesterError } from '../errors.ts';

/** The length a request claims for its body; undefined when it says none. */
function claimedLength({ headers }: IncomingMessage): number | undefined {
  const { 'content-length': length } = headers;
  return length === undefined ? undefined : Number(length);
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (claimedLength(request) ?? 0) > 0;
}

/** Throws `BODY_TOO_LONG` for a body that says so itself, before a byte of it is read. */
export function checkLength(request: IncomingMessage, maxBytes: number): void {
  const length = claimedLength(request);
  // Not a number is refused as well.
  if (length !== undefined && !(length <= maxBytes)) throw tooLong(maxBytes);
}

/** The whole body. Stops reading at the limit. Throws `BODY_TOO_LONG`, and `BODY_CUT` when the sender went away. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (error: ZesterError) => {
    request.removeListener('data', take);
    request.pause();
    reject(error);
  };
  const take = (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) stop(tooLong(maxBytes));
    else chunks.push(chunk);
  };
  request.on('data', take);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  for (const event of ['error', 'aborted', 'close']) request.once(event, () => stop(cut()));
  return promise;
}

function tooLong(maxBytes: number): ZesterError {
  return new ZesterError('usage', 'BODY_TOO_LONG', `Cannot read the request: it has more than ${maxBytes} bytes`);
}

function cut(): ZesterError {
  return new ZesterError('unreachable', 'BODY_CUT', 'Cannot read the request: it ended too early');
}
