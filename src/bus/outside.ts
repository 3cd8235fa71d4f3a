import { ZesterError } from '#base/errors.ts';

/**
 * What the NATS client throws, as one of our errors: a server that is away, a store that is full or gone, a message
 * that does not parse have a cause outside of Zester. What is none of these is left as it is.
 */
export function outsideError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ZesterError) return thrown;
  const trouble = troubleOf(thrown);
  if (trouble !== undefined) return trouble;
  return thrown.cause instanceof Error ? withTrouble(thrown, outsideError(thrown.cause)) : thrown;
}

/** Whether a record was not written because another one is there: created twice, or changed meanwhile. */
export function isTaken(thrown: unknown): boolean {
  return taken.has(codeOf(thrown)) || (thrown instanceof Error && taken.has(codeOf(thrown.cause)));
}

/** A stream that holds as much as it may: it names its limit in words only, with a code that many faults share. */
export function isFull(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (storageExceeded.has(code)) return true;
  return (
    code === storeFailed &&
    thrown instanceof Error &&
    /maximum (bytes|messages) exceeded|no space/i.test(thrown.message)
  );
}

const taken: ReadonlySet<number> = new Set([10071, 10164]);
const storageExceeded: ReadonlySet<number> = new Set([10023, 10028, 10047]);
const storeFailed = 10077;
const streamMissing = 10059;

/** Names, because the classes would be loaded with the resident peel. */
const silent: ReadonlySet<string> = new Set(['TimeoutError', 'RequestError']);
const closed: ReadonlySet<string> = new Set([
  'ClosedConnectionError',
  'DrainingConnectionError',
  'ConnectionError',
  'UserAuthenticationExpiredError',
]);

function troubleOf(error: Error): ZesterError | undefined {
  if (isFull(error)) return full(error);
  if (isTaken(error)) return storeContended(error);
  if (codeOf(error) === streamMissing || error.name === 'StreamNotFoundError') {
    return new ZesterError('unreachable', 'STORE_MISSING', `Cannot use the store: ${error.message}`, {
      cause: error,
      hint: 'Masters make their stores again within seconds; "zester ping" says what was lost',
    });
  }
  if (error.name === 'NoResponders' || error.name === 'JetStreamNotEnabled' || /no ?responders/i.test(error.message)) {
    return new ZesterError(
      'unreachable',
      'STORE_DOWN',
      'Cannot use the store: the NATS server runs without JetStream',
      {
        cause: error,
        hint: 'A server that ran out of disk switches JetStream off: read its log, make room, restart it',
      },
    );
  }
  if (error.name === 'PermissionViolationError') {
    return new ZesterError('denied', 'GRANT_MISSING', `Cannot use the bus: ${error.message}`, { cause: error });
  }
  if (silent.has(error.name) || closed.has(error.name)) {
    return new ZesterError('unreachable', 'STORE_SILENT', `Cannot use the store: ${error.message}`, {
      cause: error,
      hint: 'Check that the NATS servers run, and that a majority of them is up',
    });
  }
  if (error.name === 'JetStreamApiError' || error.name === 'JetStreamError' || error.name === 'JetStreamStatusError') {
    return new ZesterError('unreachable', 'STORE_REFUSED', `Cannot use the store: ${error.message}`, { cause: error });
  }
  if (isSchemaError(error)) {
    const [issue] = error.issues;
    const what = issue?.path.join('.') || 'message';
    return new ZesterError('usage', 'BODY_MALFORMED', `Cannot read "${what}": ${issue?.message ?? 'it does not fit'}`, {
      cause: error,
    });
  }
  return undefined;
}

/** Somebody else wrote the record first. */
export function storeContended(cause?: Error): ZesterError {
  return new ZesterError('unreachable', 'STORE_CONTENDED', 'Cannot write the record: another master just did', {
    cause,
    hint: 'Ask again',
  });
}

function full(cause: Error): ZesterError {
  return new ZesterError('unreachable', 'STORE_FULL', `Cannot write to the store: it is full (${cause.message})`, {
    cause,
    hint: 'Give the stream, the account or the disk of the NATS servers more room; nothing was accepted, and nothing has to be restarted',
  });
}

function withTrouble(thrown: Error, trouble: unknown): unknown {
  return trouble instanceof ZesterError ? trouble : thrown;
}

function codeOf(thrown: unknown): number {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'number' ? code : 0;
}

interface SchemaError extends Error {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function isSchemaError(error: Error): error is SchemaError {
  return error.name === '$ZodError' || error.name === 'ZodError';
}
