import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

// The least our own runtime needs for a ping, compiled as our programs are: `ping URL CA CREDENTIALS` logs in over TLS
// as any user does, asks what the server itself answers at once, and ends.

const [url = '', caFile = '', credentialsFile = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const credentials = readFileSync(credentialsFile, 'utf8');
const socket = connect({ host: hostname, port: Number(port), ca: readFileSync(caFile), minVersion: 'TLSv1.3' });

let said = '';
socket.on('data', (chunk) => {
  said += chunk.toString();
  const nonce = /^INFO .*"nonce":"([^"]+)".*\r\n/.exec(said)?.[1];
  if (nonce !== undefined) {
    said = '';
    socket.write(`CONNECT ${JSON.stringify(login(nonce))}\r\nPING\r\n`);
  } else if (said.includes('PONG')) {
    process.exit(0);
  } else if (said.includes('-ERR')) {
    console.error(said);
    process.exit(1);
  }
});

function login(nonce: string): Readonly<Record<string, unknown>> {
  const jwt = /BEGIN NATS USER JWT-+\s+(\S+)/.exec(credentials)?.[1];
  const seed = /^SU[A-Z2-7]{56}$/m.exec(credentials)?.[0] ?? '';
  const sig = sign(null, Buffer.from(nonce), keyOf(seed)).toString('base64url');
  return { verbose: false, tls_required: true, protocol: 1, lang: 'bun', version: '1', jwt, sig };
}

/** Two bytes of kind, the seed, two bytes of checksum, in base 32; the frame around it is that of PKCS #8. */
function keyOf(seed: string) {
  const bits = [...seed].map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const raw = Buffer.from(bytes.slice(2, 34).map((byte) => Number.parseInt(byte, 2)));
  const frame = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([frame, raw]), format: 'der', type: 'pkcs8' });
}
