import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { Return, ReturnRest, SignedReturn } from '#wire/job.ts';
import { FactsRecord, SignedFacts } from '#wire/peel.ts';
import { type Purpose, sign, verify } from './signing.ts';

/** Who is to have said it: from the subject it came on, never from what it says. */
export interface Speaker {
  readonly peel: string;
  /** The keys that were ever enrolled for this peel and count for what is read. */
  readonly keys: readonly string[];
}

/** A peel's encoded answer to a job, signed by its key. */
export function signReturn(
  body: Uint8Array,
  { jid, peel }: { readonly jid: string; readonly peel: string },
  seed: string,
): SignedReturn {
  return { body, signature: sign('peel.return', spoken([jid, peel], body), seed) };
}

/** The answer in a stored return. Throws `RETURN_MALFORMED`, `RETURN_FORGED`, `RETURN_MISPLACED`. */
export function openReturn(payload: Uint8Array, { jid, peel, keys }: Speaker & { readonly jid: string }): Return {
  const { body, signature } = decoded(SignedReturn, payload, 'RETURN_MALFORMED', peel);
  if (!isSigned('peel.return', [jid, peel], body, signature, keys)) {
    throw refused('RETURN_FORGED', peel, 'it is not signed by its enrolled key');
  }
  const returned = decoded(Return, body, 'RETURN_MALFORMED', peel);
  if (returned.jid === jid && returned.peel === peel) return returned;
  throw refused('RETURN_MISPLACED', peel, 'it names another job or peel');
}

/** What the chunks of a large return hold. Throws `RETURN_DAMAGED` when they are not what its signed head says. */
export function joinRest({ peel, rest }: Return, chunks: readonly Uint8Array[]): ReturnRest {
  const joined = Buffer.concat(chunks);
  const hash = createHash('sha256').update(joined).digest();
  if (rest === undefined || joined.length !== rest.bytes || !hash.equals(rest.sha256)) {
    throw refused('RETURN_DAMAGED', peel, 'its chunks are not those that it names');
  }
  return decoded(ReturnRest, joined, 'RETURN_MALFORMED', peel);
}

export function signFacts(peel: string, facts: z.input<typeof FactsRecord>, seed: string): SignedFacts {
  const body = encode(facts);
  return { body, signature: sign('peel.facts', spoken([peel], body), seed) };
}

/** The facts in a stored record. Throws `FACTS_MALFORMED`, `FACTS_FORGED`. */
export function openFacts(payload: Uint8Array, { peel, keys }: Speaker): FactsRecord {
  const { body, signature } = decoded(SignedFacts, payload, 'FACTS_MALFORMED', peel);
  if (isSigned('peel.facts', [peel], body, signature, keys)) return decoded(FactsRecord, body, 'FACTS_MALFORMED', peel);
  throw refused('FACTS_FORGED', peel, 'they are not signed by its enrolled key');
}

function isSigned(
  purpose: Purpose,
  address: readonly string[],
  body: Uint8Array,
  signature: Uint8Array,
  keys: readonly string[],
): boolean {
  const statement = spoken(address, body);
  return keys.some((key) => verify(purpose, statement, signature, key));
}

/** Ids hold no NUL: two addresses never make the same bytes. */
function spoken(address: readonly string[], body: Uint8Array): Uint8Array {
  const head = `${address.join('\0')}\0`;
  const length = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(length + body.length);
  bytes.write(head);
  bytes.set(body, length);
  return bytes;
}

function decoded<Schema extends z.ZodMiniType>(
  schema: Schema,
  bytes: Uint8Array,
  code: string,
  peel: string,
): z.output<Schema> {
  try {
    return decodeAs(schema, bytes, 'message', { maxBytes: bytes.length });
  } catch (cause) {
    throw refused(code, peel, (cause as Error).message, cause);
  }
}

function refused(code: string, peel: string, reason: string, cause?: unknown): ZesterError {
  const what = code.startsWith('FACTS') ? 'the facts' : 'the return';
  return new ZesterError('denied', code, `Cannot believe ${what} of "${toHuman(peel)}": ${reason}`, {
    cause,
    hint: `Look who uses the credentials of this peel; "zester enroll revoke --peel ${toHuman(peel)}" shuts it out`,
  });
}
