import { ZesterError } from '#base/errors.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { type SignedTrust, TrustBundle } from '#wire/enroll.ts';
import { type Believing, checkSignature } from './orders.ts';
import { type SigningKey, sign } from './signing.ts';

/** Signs the bundle with every key at hand, so that a peel knowing any of them can follow. */
export function signBundle(bundle: TrustBundle, keys: readonly SigningKey[]): SignedTrust {
  const bytes = encode(bundle);
  const signatures = keys.map(({ id, seed }) => ({ key: id, signature: sign('trust', bytes, seed) }));
  return { bundle: bytes, signatures };
}

/**
 * The bundle to believe from now on: the signed one when a key we trust signed it and it is newer, else the one we
 * have. Throws `TRUST_UNSIGNED` when no key we trust signed it.
 */
export function acceptBundle(signed: SignedTrust, { trust, now }: Believing): TrustBundle {
  if (!signed.signatures.some((signature) => holds(signed.bundle, signature, { trust, now }))) {
    throw new ZesterError('denied', 'TRUST_UNSIGNED', 'Cannot accept the trust bundle: no key we trust signed it', {
      hint: 'Nothing changes on this peel; it fetches the bundle from the master when it renews its credentials',
    });
  }
  const bundle = decodeAs(TrustBundle, signed.bundle, 'trust bundle');
  return bundle.revision > trust.revision ? bundle : trust;
}

function holds(bytes: Uint8Array, signature: SignedTrust['signatures'][number], believing: Believing): boolean {
  try {
    checkSignature('trust', bytes, signature, believing);
    return true;
  } catch (error) {
    if (error instanceof ZesterError) return false;
    throw error;
  }
}
