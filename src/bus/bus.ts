import { randomUUID } from 'node:crypto';
import { type Msg, type NatsConnection, headers as newHeaders, type Subscription } from '@nats-io/nats-core';
import type * as z from 'zod/mini';
import { asError, ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { type Address, addressOf, type Channel, type RequestChannel, subjectOf } from '#wire/channel.ts';
import { decode, decodeAs, encode } from '#wire/codec.ts';
import { answer, type Trouble } from './answer.ts';

export interface Received<Body, Pattern extends string> {
  readonly body: Body;
  readonly address: Address<Pattern>;
}

export interface Listening extends Disposable {
  /** Messages that did not parse, and were dropped. */
  readonly malformed: number;
  close(): void;
}

/** Told to whoever wants to know whether the bus is there. */
export type BusState = 'connected' | 'disconnected' | 'closed';

export interface Entry {
  readonly value: Uint8Array;
  readonly revision: number;
}

/**
 * The only calls that touch NATS. Publishing validates nothing that types already promise; what arrives is parsed
 * by the channel's schema, and what does not parse is counted and dropped.
 */
export interface Bus extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly state: BusState;
  /** Calls at once with the current state, then at every change. */
  onState(callback: (state: BusState) => void): void;
  /** Calls for a request that could not be answered, or whose answer was a bug of ours, and for watchers that fail. */
  onTrouble(callback: Trouble): void;
  publish<P extends string, B extends z.ZodMiniType>(
    channel: Channel<P, B>,
    address: Address<P>,
    body: z.input<B>,
  ): void;
  /** Already encoded: for a fan-out that encodes the shared part once. */
  publishBytes(subject: string, payload: Uint8Array): void;
  listen<P extends string, B extends z.ZodMiniType>(
    channel: Channel<P, B>,
    address: Partial<Address<P>>,
    callback: (message: Received<z.output<B>, P>) => void,
  ): Listening;
  /** Without decoding the body: for counters. */
  subscribe<P extends string>(
    channel: Channel<P>,
    address: Partial<Address<P>>,
    callback: (address: Address<P>, payload: Uint8Array) => void,
  ): Listening;
  /** Answers requests; one member of the queue gets each. What the handler throws travels as `{ error }`. */
  serve<P extends string, B extends z.ZodMiniType, R extends z.ZodMiniType>(
    channel: RequestChannel<P, B, R>,
    handler: (body: z.output<B>, address: Address<P>) => Promise<z.input<R>>,
    queue?: string,
  ): Listening;
  /** Throws `NO_MASTER` when nobody serves, `BUS_SILENT` when nobody answers in time. */
  request<P extends string, B extends z.ZodMiniType, R extends z.ZodMiniType>(
    channel: RequestChannel<P, B, R>,
    address: Address<P>,
    body: z.input<B>,
    options?: { readonly timeoutMs?: number },
  ): Promise<z.output<R>>;
  /** The latest value of one key, by direct get. */
  read(bucket: string, key: string): Promise<Entry | undefined>;
  /** The last message of a stream on a subject, by direct get. */
  readStored(stream: string, subject: string): Promise<Entry | undefined>;
  /**
   * Publishes, and waits until the server says on another subject, where it republishes what it stored, that it did.
   * There is no acknowledgement: who may name a reply subject could have one written anywhere. Throws `STORE_SILENT`.
   */
  publishKept(subject: string, payload: Uint8Array, heardOn: string, options?: { timeoutMs?: number }): Promise<void>;
  /** Deletes a key of a bucket that acknowledges nothing; resolves when it is gone. Throws `STORE_SILENT`. */
  erase(bucket: string, key: string): Promise<void>;
  /** Hears of later values of a key (`*` for all), without a consumer; undefined when it is deleted. */
  watchKey(bucket: string, key: string, callback: (value: Uint8Array | undefined, key: string) => void): Listening;
  flush(): Promise<void>;
  /** Lets what was sent arrive, then closes. */
  close(): Promise<void>;
}

export function createBus(connection: NatsConnection): Bus {
  let state: BusState = 'connected';
  const watchers = new Set<(state: BusState) => void>();
  const troubled = new Set<Trouble>();
  const tell: Trouble = (error, subject) => {
    for (const each of troubled) each(error, subject);
  };
  const become = (next: BusState) => {
    if (state === next) return;
    state = next;
    for (const watcher of watchers) {
      // One that fails must neither keep the others from hearing of it, nor end the loop below.
      try {
        watcher(next);
      } catch (error) {
        tell(asError(error), 'connection');
      }
    }
  };
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') become('disconnected');
      if (status.type === 'reconnect') become('connected');
    }
  })().catch((error) => tell(asError(error), 'connection'));
  void connection.closed().then(() => become('closed'));

  const receive = (subject: string, queue: string | undefined, take: (message: Msg) => void): Listening => {
    let malformed = 0;
    const subscription: Subscription = connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error) return;
        try {
          take(message);
        } catch {
          malformed++;
        }
      },
    });
    const close = () => {
      if (!connection.isClosed()) subscription.unsubscribe();
    };
    return {
      get malformed() {
        return malformed;
      },
      close,
      [Symbol.dispose]: close,
    };
  };

  const ask = async (subject: string, payload: Uint8Array, timeoutMs: number): Promise<Msg> => {
    try {
      return await connection.request(subject, payload, { timeout: timeoutMs });
    } catch (error) {
      throw unanswered(error, subject);
    }
  };

  const bus: Bus = {
    connection,
    get state() {
      return state;
    },
    onState(callback) {
      watchers.add(callback);
      callback(state);
    },
    onTrouble: (callback) => void troubled.add(callback),
    publish(channel, address, body) {
      connection.publish(subjectOf(channel, address), encode(body));
    },
    publishBytes(subject, payload) {
      connection.publish(subject, payload);
    },
    listen(channel, address, callback) {
      return receive(subjectOf(channel, address), undefined, (message) => {
        const body = channel.body.parse(decode(message.data));
        callback({ body: body as never, address: addressOf(channel, message.subject) });
      });
    },
    subscribe(channel, address, callback) {
      return receive(subjectOf(channel, address), undefined, (message) => {
        // The headers stay as they came: taking them apart costs more than the rest.
        callback(addressOf(channel, message.subject), message.data);
      });
    },
    serve(channel, handler, queue = 'zester.masters') {
      return receive(subjectOf(channel), queue, (message) => {
        const handle = async () => {
          const body = decodeAs(channel.body, message.data, channel.pattern);
          return handler(body as never, addressOf(channel, message.subject));
        };
        void answer(message, handle, { maxBytes: connection.info?.max_payload ?? defaultPayload, tell });
      });
    },
    async request(channel, address, body, { timeoutMs = 5_000 } = {}) {
      const message = await ask(subjectOf(channel, address), encode(body), timeoutMs);
      return channel.reply.parse(decode(message.data)) as never;
    },
    read: (bucket, key) => bus.readStored(`KV_${bucket}`, `$KV.${bucket}.${key}`),
    async readStored(stream, subject) {
      const message = await ask(`$JS.API.DIRECT.GET.${stream}.${subject}`, new Uint8Array(), 5_000);
      const { headers } = message;
      if (headers?.code === 404) return undefined;
      if (headers !== undefined && headers.code >= 300) throw refused(subject, headers.description);
      if (headers?.has('KV-Operation')) return undefined;
      return { value: message.data, revision: Number(headers?.get('Nats-Sequence') ?? 0) };
    },
    async publishKept(subject, payload, heardOn, { timeoutMs = 5_000 } = {}) {
      const { promise: kept, resolve, reject } = Promise.withResolvers<void>();
      const mark = randomUUID();
      using _heard = receive(heardOn, undefined, ({ headers }) => {
        if (headers?.get(markHeader) === mark) resolve();
      });
      const timer = setTimeout(() => reject(silent(subject, timeoutMs)), timeoutMs);
      const marked = newHeaders();
      marked.set(markHeader, mark);
      connection.publish(subject, payload, { headers: marked });
      try {
        await kept;
      } finally {
        clearTimeout(timer);
      }
    },
    async erase(bucket, key) {
      const deletion = newHeaders();
      deletion.set('KV-Operation', 'DEL');
      const subject = `$KV.${bucket}.${key}`;
      for (let tries = 0; tries < eraseTries; tries++) {
        connection.publish(subject, new Uint8Array(), { headers: deletion });
        if ((await bus.read(bucket, key)) === undefined) return;
        await delay(eraseWaitMs);
      }
      throw silent(subject, eraseTries * eraseWaitMs);
    },
    watchKey(bucket, key, callback) {
      return receive(`$KV.${bucket}.${key}`, undefined, (message) => {
        const gone = message.headers?.has('KV-Operation');
        callback(gone ? undefined : message.data, message.subject.slice(`$KV.${bucket}.`.length));
      });
    },
    flush: () => connection.flush(),
    async close() {
      if (connection.isClosed()) return;
      // A disconnected client has nothing it could drain to.
      if (state === 'connected') await connection.drain();
      else await connection.close();
    },
    [Symbol.asyncDispose]: () => bus.close(),
  };
  return bus;
}

/** Of a server that does not say what it takes. */
const defaultPayload = 1_048_576;

function unanswered(error: unknown, subject: string): ZesterError {
  const text = [...causes(error)].join(': ');
  if (/no ?responders/i.test(text)) {
    return new ZesterError('unreachable', 'NO_MASTER', `Cannot ask "${subject}": no master is answering`, {
      cause: error,
      hint: 'Check that zester-master runs and is connected to this NATS server',
    });
  }
  if (/permissions violation/i.test(text)) {
    return new ZesterError('denied', 'GRANT_MISSING', `Cannot ask "${subject}": these credentials may not`, {
      cause: error,
    });
  }
  return new ZesterError('unreachable', 'BUS_SILENT', `Cannot ask "${subject}": ${text}`, { cause: error });
}

function refused(subject: string, reason: string): ZesterError {
  return new ZesterError('unreachable', 'STORE_REFUSED', `Cannot read "${subject}": ${reason}`);
}

/** Others may have an answer delivered where we listen: only the store's word carries what we marked our message with. */
const markHeader = 'Zester-Mark';

const eraseTries = 40;
const eraseWaitMs = 50;

function silent(subject: string, waitedMs: number): ZesterError {
  return new ZesterError(
    'unreachable',
    'STORE_SILENT',
    `Cannot tell whether "${subject}" is stored: nothing was heard for ${waitedMs / 1_000} s`,
    { hint: 'It is sent again by itself; when this goes on, look whether the stores of the NATS servers are full' },
  );
}

function* causes(error: unknown): Generator<string> {
  for (let each = error; each instanceof Error; each = each.cause) yield `${each.name} ${each.message}`;
}
