import {
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  headers as newHeaders,
  type Subscription,
} from '@nats-io/nats-core';
import type * as z from 'zod/mini';
import { asError, ZesterError } from '#base/errors.ts';
import { type Address, addressOf, type Channel, type RequestChannel, subjectOf } from '#wire/channel.ts';
import { decode, encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';

export interface Received<Body, Pattern extends string> {
  readonly body: Body;
  readonly address: Address<Pattern>;
  readonly headers: MsgHdrs | undefined;
}

export interface Listening extends Disposable {
  /** Messages that did not parse, and were dropped. */
  readonly malformed: number;
  close(): void;
}

/** Told to whoever wants to know whether the bus is there. */
export type BusState = 'connected' | 'disconnected' | 'closed';

export interface StoredAck {
  readonly sequence: number;
  /** True when the stream had this message already. */
  readonly duplicate: boolean;
}

export interface StoreOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

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
  hear<P extends string>(
    channel: Channel<P>,
    address: Partial<Address<P>>,
    callback: (address: Address<P>, payload: Uint8Array, headers: MsgHdrs | undefined) => void,
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
  /**
   * Publishes to a stream and waits until it is stored. It carries no message id: the server's memory of ids spans the
   * whole stream, so one peel could have another's return dropped as a duplicate.
   */
  store(subject: string, payload: Uint8Array, options?: StoreOptions): Promise<StoredAck>;
  /** The latest value of one key, by direct get. */
  read(bucket: string, key: string): Promise<Entry | undefined>;
  write(bucket: string, key: string, value: Uint8Array): Promise<number>;
  /** Hears of later values of a key (`*` for all), without a consumer; undefined when it is deleted. */
  hearKey(bucket: string, key: string, callback: (value: Uint8Array | undefined, key: string) => void): Listening;
  flush(): Promise<void>;
  /** Lets what was sent arrive, then closes. */
  close(): Promise<void>;
}

export function createBus(connection: NatsConnection): Bus {
  let state: BusState = 'connected';
  const watchers = new Set<(state: BusState) => void>();
  const become = (next: BusState) => {
    if (state === next) return;
    state = next;
    for (const watcher of watchers) watcher(next);
  };
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') become('disconnected');
      if (status.type === 'reconnect') become('connected');
    }
  })();
  void connection.closed().then(() => become('closed'));

  const subscribe = (subject: string, queue: string | undefined, take: (message: Msg) => void): Listening => {
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

  const ask = async (subject: string, payload: Uint8Array, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> => {
    try {
      return await connection.request(subject, payload, { timeout: timeoutMs, ...(headers ? { headers } : {}) });
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
    publish(channel, address, body) {
      connection.publish(subjectOf(channel, address), encode(body));
    },
    publishBytes(subject, payload) {
      connection.publish(subject, payload);
    },
    listen(channel, address, callback) {
      return subscribe(subjectOf(channel, address), undefined, (message) => {
        const body = channel.body.parse(decode(message.data));
        callback({ body: body as never, address: addressOf(channel, message.subject), headers: message.headers });
      });
    },
    hear(channel, address, callback) {
      return subscribe(subjectOf(channel, address), undefined, (message) => {
        callback(addressOf(channel, message.subject), message.data, message.headers);
      });
    },
    serve(channel, handler, queue = 'zester.masters') {
      return subscribe(subjectOf(channel), queue, (message) => {
        void answer(message, async () => {
          const body = channel.body.parse(decode(message.data));
          return handler(body as never, addressOf(channel, message.subject));
        });
      });
    },
    async request(channel, address, body, { timeoutMs = 5_000 } = {}) {
      const message = await ask(subjectOf(channel, address), encode(body), timeoutMs);
      return channel.reply.parse(decode(message.data)) as never;
    },
    async store(subject, payload, { headers = {}, timeoutMs = 5_000 } = {}) {
      const wire = newHeaders();
      for (const [name, value] of Object.entries(headers)) wire.set(name, value);
      const reply = (await ask(subject, payload, timeoutMs, wire)).json<PublishReply>();
      if (reply.error && alreadyThere.has(reply.error.err_code)) return { sequence: 0, duplicate: true };
      if (reply.error) throw refused(subject, reply.error.description);
      return { sequence: reply.seq, duplicate: reply.duplicate === true };
    },
    async read(bucket, key) {
      const message = await ask(`$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.${key}`, new Uint8Array(), 5_000);
      const { headers } = message;
      if (headers?.code === 404) return undefined;
      if (headers !== undefined && headers.code >= 300) throw refused(`${bucket}.${key}`, headers.description);
      if (headers?.has('KV-Operation')) return undefined;
      return { value: message.data, revision: Number(headers?.get('Nats-Sequence') ?? 0) };
    },
    async write(bucket, key, value) {
      const reply = (await ask(`$KV.${bucket}.${key}`, value, 5_000)).json<PublishReply>();
      if (reply.error) throw refused(`${bucket}.${key}`, reply.error.description);
      return reply.seq;
    },
    hearKey(bucket, key, callback) {
      return subscribe(`$KV.${bucket}.${key}`, undefined, (message) => {
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

interface PublishReply {
  readonly seq: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code: number; readonly description: string };
}

/** The stream keeps one message a subject: refusing a second one says that the first is stored. */
const alreadyThere: ReadonlySet<number> = new Set([10077]);

async function answer(message: Msg, handle: () => Promise<unknown>): Promise<void> {
  let reply: unknown;
  try {
    reply = await handle();
  } catch (error) {
    reply = { error: errorBody(asError(error)) };
  }
  message.respond(encode(reply));
}

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
  return new ZesterError('unreachable', 'STORE_REFUSED', `Cannot store "${subject}": ${reason}`);
}

function* causes(error: unknown): Generator<string> {
  for (let each = error; each instanceof Error; each = each.cause) yield `${each.name} ${each.message}`;
}
