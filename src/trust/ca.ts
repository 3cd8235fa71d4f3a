import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { ZesterError } from '#base/errors.ts';
import {
  bitString,
  children,
  der,
  generalName,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  truth,
  utf8,
} from './der.ts';

/** A certificate with its private key, both PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** The embedded CA: peels anchor the root alone; servers present leaf and intermediate. */
export interface Authority {
  readonly root: Issued;
  readonly intermediate: Issued;
}

export interface NewAuthority {
  readonly name: string;
  readonly now: number;
  readonly rootLifetimeMs?: number | undefined;
}

export interface NewLeaf {
  /** DNS names and IP addresses it is valid for. */
  readonly names: readonly string[];
  readonly now: number;
  readonly lifetimeMs: number;
}

const day = 86_400_000;
const year = 365 * day;

/** A new root (10 years) and intermediate (5 years), ECDSA P-256. */
export function createAuthority({ name, now, rootLifetimeMs = 10 * year }: NewAuthority): Authority {
  const keys = newKeys();
  const subject = commonName(`${name} Root`);
  const certificate = certify({
    subject,
    issuer: subject,
    key: keys.publicKey,
    signer: keys.privateKey,
    notBefore: now - day,
    notAfter: now + rootLifetimeMs,
    extensions: authorityExtensions(keys.publicKey, keys.publicKey, 1),
  });
  const root = { certificate, key: keyText(keys.privateKey) };
  return { root, intermediate: createIntermediate(root, { name, now }) };
}

/** A new intermediate under a root: invisible to peels, who anchor the root. */
export function createIntermediate(root: Issued, { name, now }: Omit<NewAuthority, 'rootLifetimeMs'>): Issued {
  const keys = newKeys();
  const certificate = issueUnder(root, {
    subject: commonName(`${name} Intermediate`),
    key: keys.publicKey,
    now,
    lifetimeMs: 5 * year,
    extensions: (issuerKey) => authorityExtensions(keys.publicKey, issuerKey, 0),
  });
  return { certificate, key: keyText(keys.privateKey) };
}

/**
 * A server's certificate, followed by the intermediate. Never outlives the intermediate. Throws `CA_EXPIRED`,
 * `CA_NAME_INVALID`.
 */
export function issueLeaf(intermediate: Issued, { names, now, lifetimeMs }: NewLeaf): Issued {
  for (const name of names.length === 0 ? [''] : names) checkHostName(name);
  const keys = newKeys();
  const certificate = issueUnder(intermediate, {
    subject: commonName(names[0] ?? ''),
    key: keys.publicKey,
    now,
    lifetimeMs,
    extensions: (issuerKey) => [
      extension('2.5.29.19', sequence(), true),
      extension('2.5.29.15', bitString(Buffer.of(0x80), 7), true),
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
      extension('2.5.29.17', sequence(...names.map(generalName))),
      ...keyIdentifiers(keys.publicKey, issuerKey),
    ],
  });
  return { certificate: `${certificate}${intermediate.certificate}`, key: keyText(keys.privateKey) };
}

/** `sha256:<hex>` of the certificate's public key (its SubjectPublicKeyInfo): what a peel pins. */
export function pinOf(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** When the first certificate of a PEM text begins and ends to be valid. */
export function validityOf(certificate: string): { readonly notBefore: number; readonly notAfter: number } {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
}

interface Statement {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Buffer[];
}

interface Issuing extends Pick<Statement, 'subject' | 'key'> {
  readonly now: number;
  readonly lifetimeMs: number;
  readonly extensions: (issuerKey: KeyObject) => readonly Buffer[];
}

function issueUnder(issuer: Issued, { now, lifetimeMs, extensions, ...rest }: Issuing): string {
  const parent = new X509Certificate(issuer.certificate);
  const { notAfter } = validityOf(issuer.certificate);
  if (notAfter <= now) {
    throw new ZesterError('denied', 'CA_EXPIRED', `Cannot issue a certificate: "${parent.subject}" has expired`, {
      hint: 'Make a new intermediate with "zester ca rotate"',
    });
  }
  return certify({
    ...rest,
    issuer: subjectOf(parent),
    signer: createPrivateKey(issuer.key),
    // A day early: the clock of a new machine may be behind.
    notBefore: now - day,
    notAfter: Math.min(now + lifetimeMs, notAfter),
    extensions: extensions(parent.publicKey),
  });
}

function certify({ subject, issuer, key, signer, notBefore, notAfter, extensions }: Statement): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const version3 = der(0xa0, integer(Buffer.of(2)));
  const statement = sequence(
    version3,
    integer(serialNumber()),
    ecdsaWithSha256,
    issuer,
    sequence(time(new Date(notBefore)), time(new Date(notAfter))),
    subject,
    key.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', statement, signer);
  return pem('CERTIFICATE', sequence(statement, ecdsaWithSha256, bitString(signature)));
}

function authorityExtensions(key: KeyObject, issuerKey: KeyObject, pathLength: number): Buffer[] {
  return [
    extension('2.5.29.19', sequence(truth(), integer(Buffer.of(pathLength))), true),
    // keyCertSign and cRLSign
    extension('2.5.29.15', bitString(Buffer.of(0x06), 1), true),
    ...keyIdentifiers(key, issuerKey),
  ];
}

function keyIdentifiers(key: KeyObject, issuerKey: KeyObject): Buffer[] {
  return [
    extension('2.5.29.14', octets(keyIdentifier(key))),
    extension('2.5.29.35', sequence(der(0x80, keyIdentifier(issuerKey)))),
  ];
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 20);
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [truth()] : []), octets(value));
}

function commonName(name: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(name))));
}

/** The subject exactly as it is encoded: chains are built by comparing bytes. */
function subjectOf({ raw }: X509Certificate): Buffer {
  const statement = children(raw)[0] ?? Buffer.alloc(0);
  return children(statement)[5] ?? Buffer.alloc(0);
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function keyText(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  // Neither negative nor starting with a zero byte.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function checkHostName(name: string): void {
  if (isIP(name) !== 0 || /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name)) return;
  throw new ZesterError('usage', 'CA_NAME_INVALID', `Cannot issue a certificate for "${name}": it is not a host name`);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
