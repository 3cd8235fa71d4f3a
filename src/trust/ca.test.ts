import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { createAuthority, createIntermediate, issueLeaf, pinOf, validityOf } from './ca.ts';
import { caFiles, describeCa, initCa, issueCertificate, openCa, rotateCa } from './ca-dir.ts';

const day = 86_400_000;
const now = Date.now();

describe('the chain', () => {
  const { root, intermediate } = createAuthority({ name: 'Test', now });
  const leaf = issueLeaf(intermediate, {
    names: ['nats.example.com', '10.0.0.5', 'fd00::5'],
    now,
    lifetimeMs: 90 * day,
  });

  test('is a root, an intermediate that may only sign servers, and a leaf that may sign nothing', () => {
    const [top, middle, end] = [root, intermediate, leaf].map(({ certificate }) => new X509Certificate(certificate));
    assert.ok(top && middle && end);

    assert.deepEqual([top.ca, middle.ca, end.ca], [true, true, false]);
    assert.ok(top.verify(top.publicKey) && middle.verify(top.publicKey) && end.verify(middle.publicKey));
    assert.ok(middle.checkIssued(top) && end.checkIssued(middle));
    assert.match(
      end.subjectAltName ?? '',
      /DNS:nats\.example\.com, IP Address:10\.0\.0\.5, IP Address:FD00:0:0:0:0:0:0:5/i,
    );
    assert.ok(validityOf(root.certificate).notAfter > now + 9 * 365 * day);
  });

  test('convinces a client that trusts the root alone, under its names only', async () => {
    const ours = issueLeaf(intermediate, { names: ['localhost', '127.0.0.1'], now, lifetimeMs: day });

    assert.equal(await greets(ours, root.certificate, 'localhost'), 'trusted');
    assert.match(await greets(ours, root.certificate, 'elsewhere.example.com'), /ALTNAME/);
    assert.match(
      await greets(ours, createAuthority({ name: 'Test', now }).root.certificate, 'localhost'),
      /ISSUER|SIGNATURE|CERT/,
    );
  });

  test('never outlives the intermediate, and ends with it', () => {
    const short = createIntermediate(createAuthority({ name: 'Short', now, rootLifetimeMs: 10 * day }).root, {
      name: 'Short',
      now,
    });
    const cut = issueLeaf(short, { names: ['a'], now, lifetimeMs: 90 * day });

    assert.equal(validityOf(cut.certificate).notAfter, validityOf(short.certificate).notAfter);
    assert.throws(() => issueLeaf(short, { names: ['a'], now: now + 11 * day, lifetimeMs: day }), {
      code: 'CA_EXPIRED',
    });
  });

  test('is for host names and addresses only', () => {
    for (const names of [[], [''], ['a b'], ['-a'], ['evil\0.example']]) {
      assert.throws(() => issueLeaf(intermediate, { names, now, lifetimeMs: day }), { code: 'CA_NAME_INVALID' });
    }
  });

  test('outlasts 2050, when the encoding of dates changes', () => {
    const late = createAuthority({ name: 'Late', now: Date.parse('2049-06-01'), rootLifetimeMs: 3_650 * day });

    assert.equal(new Date(validityOf(late.root.certificate).notAfter).getUTCFullYear(), 2059);
  });
});

describe('the folder', () => {
  test('is made once, with keys for its owner only, and says its pin', () => {
    using dir = tempFolder();
    const made = initCa({ dir: dir.path });

    assert.throws(() => initCa({ dir: dir.path }), { code: 'CA_EXISTS' });
    assert.equal(made.pin, pinOf(readFileSync(join(dir.path, caFiles.root), 'utf8')));
    assert.match(made.pin, /^sha256:[0-9a-f]{64}$/);
    for (const file of [caFiles.rootKey, caFiles.intermediateKey]) assert.equal(modeOf(join(dir.path, file)), 0o600);
  });

  test('issues without the root’s key, but cannot replace the intermediate then', () => {
    using dir = tempFolder();
    initCa({ dir: dir.path });
    rmSync(join(dir.path, caFiles.rootKey));
    const out = join(dir.path, 'server');

    const { certificate, key } = issueCertificate({ dir: dir.path, names: ['localhost'], out });

    assert.equal(modeOf(key), 0o600);
    assert.match(readFileSync(certificate, 'utf8'), /BEGIN CERTIFICATE.+BEGIN CERTIFICATE/s);
    assert.equal(describeCa(dir.path).hasRootKey, false);
    assert.throws(() => rotateCa(dir.path, now), { code: 'CA_ROOT_OFFLINE' });
  });

  test('with a new intermediate convinces peels that knew the old one', async () => {
    using dir = tempFolder();
    initCa({ dir: dir.path });
    const before = openCa(dir.path);

    const { pin } = rotateCa(dir.path, now);

    const { intermediate } = openCa(dir.path);
    assert.equal(pin, before.pin);
    assert.notEqual(intermediate.certificate, before.intermediate.certificate);
    const leaf = issueLeaf(intermediate, { names: ['localhost'], now, lifetimeMs: day });
    assert.equal(await greets(leaf, before.root, 'localhost'), 'trusted');
  });

  test('that is not there says how to make it', () => {
    using dir = tempFolder();

    assert.throws(() => openCa(dir.path), { code: 'AUTH_FILE_MISSING', hint: 'Make it with "zester ca init"' });
  });
});

async function greets(
  { certificate: cert, key }: { certificate: string; key: string },
  ca: string,
  servername: string,
) {
  const server = createServer({ cert, key, minVersion: 'TLSv1.3' }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: '127.0.0.1', port, ca, servername }, () => resolve('trusted'));
  socket.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
  const said = await promise;
  socket.destroy();
  server.close();
  return said;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'zester-ca-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
