import { readFileSync } from 'node:fs';
import { credsAuthenticator } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';

// The least memory a connected program of our runtime has: `idle URL CA CREDENTIALS` logs in over TLS with the client
// library, and then does nothing.

const [servers = '', caFile = '', credentialsFile = ''] = process.argv.slice(2);
await connect({
  servers,
  authenticator: credsAuthenticator(readFileSync(credentialsFile)),
  tls: { ca: readFileSync(caFile, 'utf8'), handshakeFirst: true },
});
process.stdout.write('connected\n');
