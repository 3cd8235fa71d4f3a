import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { acceptBundle } from '#trust/bundle.ts';
import { decode, encode } from '#wire/codec.ts';
import { SignedTrust, TrustBundle, trustDocument } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';

/** The keys this peel believes: given at enrolment, replaced only by a document that one of them signed. */
export interface TrustStore {
  readonly current: TrustBundle;
  /** Takes a bundle that came over verified TLS, with renewed credentials; it is on disk already. */
  replace(bundle: TrustBundle): void;
  /** Looks now, and at every change, whether there is a newer bundle; until the signal. */
  follow(bus: Bus, signal: AbortSignal): void;
}

/** Throws `TRUST_UNREADABLE`: without it nothing could be believed. */
export function openTrustStore(path: string, log: Log): TrustStore {
  let bundle = read(path);

  const consider = (value: Uint8Array | undefined) => {
    if (value === undefined) return;
    try {
      const accepted = acceptBundle(SignedTrust.parse(decode(value)), { trust: bundle, now: Date.now() });
      if (accepted === bundle) return;
      writeBundle(path, accepted);
      bundle = accepted;
      log.info('Trusted keys replaced', { revision: bundle.revision, keys: bundle.keys.map(({ id }) => id) });
    } catch (error) {
      log.warn('Trust bundle refused', { error });
    }
  };

  return {
    get current() {
      return bundle;
    },
    replace(renewed) {
      bundle = renewed;
    },
    follow(bus, signal) {
      const listening = bus.hearKey(buckets.trust.name, trustDocument, consider);
      signal.addEventListener('abort', () => listening.close(), { once: true });
      bus.onState((state) => {
        if (state !== 'connected' || signal.aborted) return;
        bus
          .read(buckets.trust.name, trustDocument)
          .then((entry) => consider(entry?.value))
          .catch((error) => log.debug('Trust bundle not read yet', { error }));
      });
    },
  };
}

/** Beside, then renamed: a crash leaves the one or the other. */
export function writeBundle(path: string, bundle: TrustBundle): void {
  writeFileSync(`${path}.new`, encode(bundle), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function read(path: string): TrustBundle {
  try {
    return TrustBundle.parse(decode(readFileSync(path)));
  } catch (cause) {
    throw new ZesterError(
      'denied',
      'TRUST_UNREADABLE',
      `Cannot read the trusted keys "${path}": ${(cause as Error).message}`,
      {
        cause,
        hint: 'Remove the credentials beside it, and the peel enrols anew',
      },
    );
  }
}
