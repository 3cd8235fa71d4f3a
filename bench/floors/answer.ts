import { text } from 'node:stream/consumers';
import { credsAuthenticator } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { inboxPrefix } from '#trust/grants.ts';
import { type Credentials, formatCredentials, readUserJwt } from '#trust/jwt.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';

// Many bare connections in one process, with the credentials of peels: each answers a command on the way that progress
// takes, without looking at it. No signature, no journal, and nothing is stored.

interface Input {
  readonly url: string;
  readonly ca: string;
  readonly peels: readonly { readonly id: string; readonly credentials: Credentials }[];
}

const connectAtOnce = 32;
const input = JSON.parse(await text(process.stdin)) as Input;
const waiting = [...input.peels];

await Promise.all(
  Array.from({ length: connectAtOnce }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await answer(next);
  }),
);
process.stdout.write('answering\n');

async function answer({ id: peel, credentials }: Input['peels'][number]): Promise<void> {
  const connection = await connect({
    servers: input.url,
    authenticator: credsAuthenticator(new TextEncoder().encode(formatCredentials(credentials))),
    inboxPrefix: inboxPrefix(readUserJwt(credentials.jwt).key),
    tls: { ca: input.ca, handshakeFirst: true },
    timeout: 60_000,
  });
  connection.subscribe(subjectOf(channels.command, { peel }), {
    callback: (_, message) =>
      connection.publish(subjectOf(channels.progress, { jid: message.string(), peel }), message.data),
  });
  await connection.flush();
}
