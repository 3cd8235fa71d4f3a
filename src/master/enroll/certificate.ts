import type { Log } from '#base/log.ts';
import { type Clock, delay } from '#base/time.ts';
import { type Issued, issueLeaf, validityOf } from '#trust/ca.ts';
import { openCa } from '#trust/ca-dir.ts';
import { findText } from '#trust/files.ts';

/** Where the enrolment service's certificate comes from, and when it is due. */
export interface CertificateSource {
  current(): Issued;
  /** Resolves with the next certificate when there is one to use instead; only ends with the signal. */
  next(signal: AbortSignal): Promise<Issued | undefined>;
}

const lifetimeMs = 90 * 86_400_000;
const hour = 3_600_000;

/** Issued by ourselves, from the CA's folder; renewed at two thirds of its life, retried hourly when that fails. */
export function embeddedCertificate(parts: {
  readonly caDir: string;
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** How often to look at the clock, which may be set. */
  readonly everyMs?: number;
}): CertificateSource {
  const { caDir, names, clock, log, everyMs = hour } = parts;
  const issue = () => issueLeaf(openCa(caDir).intermediate, { names, now: clock.now(), lifetimeMs });
  let leaf = issue();
  const due = () => {
    const { notAfter } = validityOf(leaf.certificate);
    // Of the life it really has: the intermediate's end may cut it short.
    return notAfter - Math.min(lifetimeMs, notAfter - clock.now()) / 3;
  };
  let dueAt = due();

  return {
    current: () => leaf,
    async next(signal) {
      while (!signal.aborted) {
        await delay(everyMs, signal);
        if (signal.aborted || clock.now() < dueAt) continue;
        try {
          leaf = issue();
          dueAt = due();
          log.info('Enrolment certificate renewed', { expires: validityOf(leaf.certificate).notAfter });
          return leaf;
        } catch (error) {
          log.error('Enrolment certificate not renewed', { error, expires: validityOf(leaf.certificate).notAfter });
          dueAt = clock.now() + hour;
        }
      }
      return undefined;
    },
  };
}

/** Given from outside, as two files; used as soon as they change. */
export function certificateFromFiles(files: { readonly certificate: string; readonly key: string }): CertificateSource {
  const read = (): Issued | undefined => {
    const [certificate, key] = [findText(files.certificate), findText(files.key)];
    return certificate && key ? { certificate, key } : undefined;
  };
  let leaf = read() ?? { certificate: '', key: '' };
  return {
    current: () => leaf,
    async next(signal) {
      while (!signal.aborted) {
        await delay(60_000, signal);
        const found = read();
        if (found === undefined || found.certificate === leaf.certificate) continue;
        leaf = found;
        return leaf;
      }
      return undefined;
    },
  };
}
