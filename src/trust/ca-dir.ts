import { join, resolve } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { createAuthority, createIntermediate, type Issued, issueLeaf, pinOf, validityOf } from './ca.ts';
import { createFile, findText, publicMode, readText, writeFile } from './files.ts';

/** The embedded CA's folder. The root's key may be kept elsewhere; issuing needs the intermediate's only. */
export interface CaDir {
  readonly path: string;
  /** PEM: what peels anchor. */
  readonly root: string;
  readonly pin: string;
  readonly intermediate: Issued;
}

/** Where everything lies in a CA folder. */
export const caFiles = {
  root: 'root.crt',
  rootKey: 'root.key',
  intermediate: 'intermediate.crt',
  intermediateKey: 'intermediate.key',
} as const;

const year = 365 * 86_400_000;

export interface NewCa {
  readonly dir: string;
  readonly name?: string | undefined;
  readonly now?: number | undefined;
  readonly rootLifetimeMs?: number | undefined;
}

export interface CaSummary {
  readonly dir: string;
  readonly pin: string;
  readonly rootEnds: number;
  readonly intermediateEnds: number;
  /** False when the root's key is not here: the intermediate cannot be replaced from this folder. */
  readonly hasRootKey: boolean;
}

/** Makes the CA. Throws `CA_EXISTS` rather than overwrite. */
export function initCa({ dir, name = 'Zester', now = Date.now(), rootLifetimeMs }: NewCa): CaSummary {
  const path = resolve(dir);
  if (findText(join(path, caFiles.root)) !== undefined) {
    throw new ZesterError('usage', 'CA_EXISTS', `Cannot make a CA in "${path}": there is one`, {
      hint: 'Choose another folder; peels trust the one that is there',
    });
  }
  const { root, intermediate } = createAuthority({ name, now, rootLifetimeMs });
  createFile(join(path, caFiles.rootKey), root.key);
  createFile(join(path, caFiles.intermediateKey), intermediate.key);
  createFile(join(path, caFiles.intermediate), intermediate.certificate, publicMode);
  createFile(join(path, caFiles.root), root.certificate, publicMode);
  return describeCa(path);
}

/** Opens the CA for issuing. Throws `AUTH_FILE_MISSING`. */
export function openCa(dir: string): CaDir {
  const path = resolve(dir);
  const root = `${readText(join(path, caFiles.root), hint)}\n`;
  const intermediate = {
    certificate: `${readText(join(path, caFiles.intermediate), hint)}\n`,
    key: `${readText(join(path, caFiles.intermediateKey), hint)}\n`,
  };
  return { path, root, pin: pinOf(root), intermediate };
}

export function describeCa(dir: string): CaSummary {
  const { path, root, pin, intermediate } = openCa(dir);
  return {
    dir: path,
    pin,
    rootEnds: validityOf(root).notAfter,
    intermediateEnds: validityOf(intermediate.certificate).notAfter,
    hasRootKey: findText(join(path, caFiles.rootKey)) !== undefined,
  };
}

export interface NewCertificate {
  readonly dir: string;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  /** Written as `<out>.crt` and `<out>.key`. */
  readonly out: string;
  readonly now?: number | undefined;
  readonly lifetimeMs?: number | undefined;
}

export interface IssuedFiles {
  readonly certificate: string;
  readonly key: string;
  readonly names: readonly string[];
  readonly expiresAt: number;
}

/** Issues a server's certificate into files, replacing an older one. Throws `CA_NAME_INVALID`, `CA_EXPIRED`. */
export function issueCertificate(certificate: NewCertificate): IssuedFiles {
  const { dir, names, out, now = Date.now(), lifetimeMs = year } = certificate;
  const leaf = issueLeaf(openCa(dir).intermediate, { names, now, lifetimeMs });
  const files = { certificate: `${resolve(out)}.crt`, key: `${resolve(out)}.key` };
  writeFile(files.key, leaf.key);
  writeFile(files.certificate, leaf.certificate, publicMode);
  return { ...files, names, expiresAt: validityOf(leaf.certificate).notAfter };
}

/** Replaces the intermediate; peels notice nothing. Throws `CA_ROOT_OFFLINE` without the root's key. */
export function rotateCa(dir: string, now: number): CaSummary {
  const { path, root } = openCa(dir);
  const key = findText(join(path, caFiles.rootKey));
  if (key === undefined) {
    throw new ZesterError('usage', 'CA_ROOT_OFFLINE', `Cannot replace the intermediate: "${path}" has no root key`, {
      hint: 'Put root.key back for the time of this command',
    });
  }
  const intermediate = createIntermediate({ certificate: root, key: `${key}\n` }, { name: 'Zester', now });
  writeFile(join(path, caFiles.intermediateKey), intermediate.key);
  writeFile(join(path, caFiles.intermediate), intermediate.certificate, publicMode);
  return describeCa(path);
}

const hint = 'Make it with "zester ca init"';
