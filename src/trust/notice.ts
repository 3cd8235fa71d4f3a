import { ZesterError } from '#base/errors.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { Notice, type SignedNotice } from '#wire/peel.ts';
import { type Believing, checkSignature } from './orders.ts';
import { type SigningKey, sign } from './signing.ts';

/** A master's word to one peel about itself: nobody else may silence a peel, or make it repeat what it said. */
export function signNotice(notice: Notice, key: SigningKey): SignedNotice {
  const bytes = encode(notice);
  return { notice: bytes, key: key.id, signature: sign('notice', bytes, key.seed) };
}

/** Refuses as orders are, and with `NOTICE_NOT_FOR_US`. Whether it is older than another is for the peel to say. */
export function openNotice(
  signed: SignedNotice,
  { peel, ...believing }: Believing & { readonly peel: string },
): Notice {
  checkSignature('notice', signed.notice, signed, believing);
  const notice = decodeAs(Notice, signed.notice, 'notice');
  if (notice.peel === peel) return notice;
  throw new ZesterError('denied', 'NOTICE_NOT_FOR_US', `Cannot accept a notice: it is for "${notice.peel}"`);
}
