import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { acceptBundle } from '#trust/bundle.ts';
import { findBytes, writeFile } from '#trust/files.ts';
import { decode, encode } from '#wire/codec.ts';
import { SignedTrust, TrustBundle, trustDocument } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import { sumOf } from '../shared/records/frame.ts';

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
  let bundle = readBundle(path) ?? missing(path);

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
      const listening = bus.watchKey(buckets.trust.name, trustDocument, consider);
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

/** With a sum of its own: a flipped bit in a key would refuse every order, and nobody could tell why. */
export function writeBundle(path: string, bundle: TrustBundle): void {
  writeFile(path, encode({ ...bundle, sum: sumOf(encode(bundle)) }));
}

/** Undefined when there is none. Throws `TRUST_UNREADABLE` when it is not what we wrote. */
export function readBundle(path: string): TrustBundle | undefined {
  const bytes = findBytes(path);
  if (bytes === undefined) return undefined;
  try {
    // Written before there were sums, it has none.
    const { sum, ...bundle } = decode(bytes) as { readonly sum?: unknown };
    if (sum !== undefined && sum !== sumOf(encode(bundle))) throw new Error('its sum does not fit');
    return TrustBundle.parse(bundle);
  } catch (cause) {
    throw unreadable(path, (cause as Error).message, cause);
  }
}

function missing(path: string): never {
  throw unreadable(path, 'there is no such file');
}

function unreadable(path: string, reason: string, cause?: unknown): ZesterError {
  return new ZesterError('denied', 'TRUST_UNREADABLE', `Cannot read the trusted keys "${path}": ${reason}`, {
    cause,
    hint: 'Check the disk, and remove the file: the peel then asks a master for it anew',
  });
}
