import type * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { type Clock, systemClock } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { Bus } from '#bus/bus.ts';
import type { Credentials } from '#trust/jwt.ts';
import type { RequestChannel } from '#wire/channel.ts';
import type { EnrollDecision } from '#wire/enroll.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { JobRequest, KillRequest, SignedRequest } from '#wire/job.ts';
import { type Config, type Contexts, loadConfig, loadContexts } from './config.ts';
import { readText } from './files.ts';
import type { EventName } from './json/events.ts';
import type { Reference } from './reference.ts';
import { createLiveLine } from './report/live.ts';
import type { Style } from './report/style.ts';

export type Format = 'text' | 'json' | 'yaml';

/** What commands need of the bus: a fake is three functions. */
export type CliBus = Pick<Bus, 'request' | 'listen' | 'subscribe' | 'close'>;

/** What operators sign, by its purpose. */
export interface Signable {
  readonly job: JobRequest;
  readonly kill: KillRequest;
  readonly enroll: EnrollDecision;
}

/** Everything a command is given besides its own input. Nothing is read or connected before it is asked for. */
export interface Session {
  readonly format: Format;
  readonly style: Style;
  readonly quiet: boolean;
  readonly test: boolean;
  /** Of `--timeout`; the command's own default otherwise. */
  readonly timeoutMs: number | undefined;
  /** True when standard error is a terminal: progress may be shown there. */
  readonly terminal: boolean;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Part of the report, on standard output, before the command's value is there. Text format only. */
  write(text: string): void;
  /** What is no text and no report, as it is; resolves when it is on its way. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** True when a program is told what happens as it happens: nobody needs it again at the end. */
  readonly streams: boolean;
  /** Something that happened, for such a program. */
  emit(event: EventName, fields: object): void;
  /** A line for the person who waits, on standard error; nothing with `--quiet`, `--json` or `--yaml`. */
  note(text: string): void;
  /** Replaces one line below everything else; nothing when it is not a terminal. Without a text it goes away. */
  progress(text?: string): void;
  /** Of another context than the one that counts, when one is named. */
  config(context?: string): Promise<Config>;
  /** The contexts there are to choose from. */
  contexts(): Promise<Contexts>;
  credentials(): Promise<Credentials>;
  /** Connects at the first call. */
  bus(): Promise<CliBus>;
  /** Asks a master; what it answers as an error is thrown. */
  ask<P extends string, B extends z.ZodMiniType, R extends z.ZodMiniType>(
    channel: RequestChannel<P, B, R>,
    body: z.input<B>,
    timeoutMs?: number,
  ): Promise<z.output<R>>;
  /** A request with the operator's proof. */
  sign<Kind extends keyof Signable>(kind: Kind, request: Signable[Kind]): Promise<SignedRequest>;
  /** What states and functions there are; empty when none was generated. */
  reference(): Promise<Reference>;
  /** Calls at every Ctrl-C instead of ending the process, until disposed. */
  onInterrupt(callback: () => void): Disposable;
  /** Asks the person at the terminal; `undefined` when there is none. */
  question(text: string): Promise<string | undefined>;
}

export interface SessionOptions {
  readonly format: Format;
  readonly style: Style;
  readonly quiet: boolean;
  readonly test: boolean;
  readonly timeoutMs: number | undefined;
  readonly terminal: boolean;
  /** How wide that terminal is at this moment. */
  readonly columns?: (() => number) | undefined;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly outBytes?: (bytes: Uint8Array) => Promise<void>;
  readonly clock?: Clock;
  /** Writes the line of an event; where nobody reads events there is none. */
  readonly eventLine?: ((event: EventName, fields: object, now: number) => string) | undefined;
}

export function createSession(options: SessionOptions): Session & AsyncDisposable {
  const { format, quiet, flags, environment, out, err, outBytes, clock = systemClock } = options;
  const configured = once(() => loadConfig({ flags, environment }));
  const config = (context?: string) =>
    context === undefined
      ? configured()
      : loadConfig({ flags: new Map([...flags, ['context', [context]]]), environment });
  const credentialsText = once(async () => {
    const { creds } = (await config()).values;
    if (creds === undefined) throw noCredentials();
    return readText(creds, {
      hint: 'Give the operator’s credentials with --creds, ZESTER_CREDS or "creds:" in a config file',
    });
  });
  const credentials = once(async () => {
    const { parseCredentials } = await import('#trust/jwt.ts');
    return parseCredentials(await credentialsText());
  });
  let connected: Promise<CliBus> | undefined;
  let opened: CliBus | undefined;
  const bus = () => {
    connected ??= connect(config, credentialsText).then((bus) => {
      opened = bus;
      return bus;
    });
    return connected;
  };
  const speaks = format === 'text' && !quiet;

  const live = createLiveLine(err, options.columns ?? (() => options.style.width));
  const progress = (text?: string) => {
    // A dumb terminal cannot take a line back.
    if (speaks && options.terminal && environment.TERM !== 'dumb') live.show(text);
  };

  const session: Session = {
    ...options,
    clock,
    write(text) {
      if (format !== 'text' || text === '') return;
      progress();
      out(text);
    },
    streams: options.eventLine !== undefined,
    emit(event, fields) {
      if (options.eventLine !== undefined) out(options.eventLine(event, fields, clock.now()));
    },
    async writeBytes(bytes) {
      progress();
      await outBytes?.(bytes);
    },
    note(text) {
      if (!speaks) return;
      progress();
      err(`${visible(text)}\n`);
    },
    progress,
    config,
    contexts: once(() => loadContexts({ flags, environment })),
    credentials,
    bus,
    async ask(channel, body, timeoutMs = 5_000) {
      const reply = await (await bus()).request(channel, {} as never, body, { timeoutMs });
      const { error } = reply as { readonly error?: ErrorBody };
      if (error === undefined) return reply;
      const { errorFrom } = await import('#wire/error.ts');
      throw errorFrom(error);
    },
    async sign(kind, request) {
      const { signDecision, signKillRequest, signRequest } = await import('#trust/requests.ts');
      const sign = { job: signRequest, kill: signKillRequest, enroll: signDecision }[kind];
      return sign(request as never, await credentials());
    },
    reference: once(async () => (await import('./reference.ts')).loadReference()),
    onInterrupt(callback) {
      process.on('SIGINT', callback);
      return { [Symbol.dispose]: () => void process.off('SIGINT', callback) };
    },
    async question(text) {
      if (!process.stdin.isTTY || !speaks) return undefined;
      const { createInterface } = await import('node:readline/promises');
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return (await prompt.question(text)).trim();
      } finally {
        prompt.close();
      }
    },
  };
  return {
    ...session,
    async [Symbol.asyncDispose]() {
      // Who has not connected by now is not waited for: nothing was asked.
      if (opened === undefined) void connected?.then((bus) => bus.close()).catch(() => {});
      await opened?.close();
    },
  };
}

async function connect(config: () => Promise<Config>, credentials: () => Promise<string>): Promise<CliBus> {
  const { values } = await config();
  const { connectBus } = await import('#bus/connect.ts');
  return connectBus({
    servers: values.servers,
    ...(values.ca === undefined ? {} : { ca: readText(values.ca, { hint: 'Check the path given with --ca' }) }),
    credentials: await credentials(),
    name: 'zester',
    retry: false,
  });
}

function noCredentials(): ZesterError {
  return new ZesterError('denied', 'CREDENTIALS_MISSING', 'Cannot connect to NATS: no credentials were given', {
    hint: 'Give the operator’s credentials with --creds, ZESTER_CREDS or "creds:" in ~/.zester/config.yaml',
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
