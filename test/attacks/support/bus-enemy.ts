import { headers, type Msg, type MsgHdrs, type NatsConnection, PermissionViolationError } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type { Credentials } from '#trust/jwt.ts';
import type { TestNats } from '../../harness/nats.ts';

/** Somebody with real credentials and none of our code: every subject, header and byte is of their choice. */
export interface Enemy extends AsyncDisposable {
  readonly connection: NatsConnection;
  /** Publishes; true when the server let it pass. */
  sends(subject: string, payload?: Uint8Array | string, more?: Readonly<Record<string, string>>): Promise<boolean>;
  /** The same, with a reply subject. */
  sendsFor(reply: string, subject: string, payload?: Uint8Array | string): Promise<boolean>;
  /** Subscribes; undefined when the server refused, else what arrives there. */
  hears(subject: string, queue?: string): Promise<Msg[] | undefined>;
  /** The answer, as text; or the name of what came instead. */
  asks(subject: string, payload?: Uint8Array | string, more?: Readonly<Record<string, string>>): Promise<string>;
}

const answerWithinMs = 1_000;

export async function openEnemy(nats: TestNats, credentials: Credentials): Promise<Enemy> {
  const connection = await connect({ ...nats.options(credentials), reconnect: false, maxReconnectAttempts: 0 });
  const refused: string[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        refused.push(status.error.subject);
    }
  })();
  const sent = async (
    subject: string,
    payload: Uint8Array | string,
    options: { reply?: string; headers?: MsgHdrs },
  ) => {
    const before = refused.length;
    connection.publish(subject, payload, options);
    // The server answers in order: after a flush a refusal has arrived, or there is none.
    await connection.flush();
    await new Promise((resolve) => setImmediate(resolve));
    return refused.length === before;
  };
  return {
    connection,
    sends: (subject, payload = '', more = {}) => sent(subject, payload, { headers: headersOf(more) }),
    sendsFor: (reply, subject, payload = '') => sent(subject, payload, { reply }),
    async hears(subject, queue) {
      const heard: Msg[] = [];
      let isRefused = false;
      connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error !== null) isRefused = true;
          else heard.push(message);
        },
      });
      await connection.flush();
      return isRefused ? undefined : heard;
    },
    async asks(subject, payload = '', more = {}) {
      try {
        const options = { timeout: answerWithinMs, headers: headersOf(more) };
        return (await connection.request(subject, payload, options)).string();
      } catch (error) {
        return error instanceof Error ? error.name : String(error);
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function headersOf(more: Readonly<Record<string, string>>): MsgHdrs {
  const all = headers();
  for (const [name, value] of Object.entries(more)) all.set(name, value);
  return all;
}
