import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { isError, ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { pinOf } from '#trust/ca.ts';
import { findText, publicMode, readText, writeFile } from '#trust/files.ts';
import { CaDocument } from '#wire/enroll.ts';
import { askUnverified, masterClient } from './master-client.ts';

export interface AnchorOptions {
  readonly authDir: string;
  readonly masterUrls: readonly string[];
  /** File of the root, given by hand. */
  readonly caFile?: string | undefined;
  readonly pins: readonly string[];
  readonly tofu: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The root that masters' certificates must chain to; `ca` is undefined when the system's store decides. */
export interface Anchor {
  readonly ca: string | undefined;
  readonly pin: string | undefined;
}

export const anchorFile = 'enroll-ca.crt';

const documentCall = { method: 'GET', path: '/api/v1/enroll/ca' } as const;

/**
 * The first of: the file given, the anchor kept from before, the root a master shows that fits a pin, the system's
 * store, and, only when switched on, whatever the first master shows. What is configured and does not fit is refused,
 * never replaced by something weaker. Throws `CA_PIN_MISMATCH`, and as asking a master does.
 */
export async function findAnchor(options: AnchorOptions): Promise<Anchor> {
  const { authDir, caFile, pins, tofu } = options;
  if (caFile !== undefined) return fitting(readText(caFile, 'Check enroll_ca in peel.yaml'), pins, caFile);
  const kept = findText(join(authDir, anchorFile));
  if (kept !== undefined) return fitting(kept, pins, join(authDir, anchorFile));
  if (pins.length > 0) return keep(authDir, await fetchPinned(options));
  if (!tofu) return { ca: undefined, pin: undefined };
  return firstUse(options);
}

/** Of a bundle the very root a pin names: nothing else in it becomes trusted by the way. */
function fitting(bundle: string, pins: readonly string[], from: string): Anchor {
  const roots = certificates(bundle).filter(isRoot);
  const root = pins.length === 0 ? roots[0] : roots.find((each) => pins.includes(pinOf(each)));
  if (root !== undefined) return { ca: pins.length === 0 ? bundle : root, pin: pinOf(root) };
  const shown = roots.map(pinOf).join(', ') || 'no root at all';
  throw new ZesterError(
    'denied',
    'CA_PIN_MISMATCH',
    `Cannot trust the CA from "${from}": no pin fits it, it shows ${shown}`,
    {
      hint: 'Compare enroll_ca_pin with "zester ca fingerprint" on a master; if it is right, somebody stands in between',
    },
  );
}

async function fetchPinned({ masterUrls, pins, signal }: AnchorOptions): Promise<Anchor> {
  let last: unknown;
  for (const url of masterUrls) {
    try {
      const { ca } = await askUnverified(CaDocument, url, { ...documentCall, signal });
      return fitting(ca, pins, url);
    } catch (error) {
      // A master that shows a wrong root must not hide one that is merely away.
      if (!isError(last, 'CA_PIN_MISMATCH')) last = error;
    }
  }
  throw last;
}

async function firstUse({ masterUrls, authDir, log, signal }: AnchorOptions): Promise<Anchor> {
  const client = masterClient({ urls: masterUrls });
  try {
    await client.ask(CaDocument, { ...documentCall, signal });
    return { ca: undefined, pin: undefined };
  } catch (error) {
    if (!isError(error, 'MASTER_UNTRUSTED')) throw error;
  }
  const url = masterUrls[0] ?? '';
  const { ca } = await askUnverified(CaDocument, url, { ...documentCall, signal });
  const anchor = fitting(ca, [], url);
  log.warn('Trusting the first master met, because enroll_trust is tofu', { url, fingerprint: anchor.pin });
  return keep(authDir, anchor);
}

function keep(authDir: string, anchor: Anchor): Anchor {
  writeFile(join(authDir, anchorFile), anchor.ca ?? '', publicMode);
  return anchor;
}

function certificates(bundle: string): string[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((each) => `${each}\n`);
}

function isRoot(certificate: string): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    return parsed.ca && parsed.checkIssued(parsed) && parsed.verify(parsed.publicKey);
  } catch {
    return false;
  }
}
