import type * as z from 'zod/mini';
import type { Bus } from '#bus/bus.ts';
import { signFacts } from '#trust/peel-signatures.ts';
import { encode } from '#wire/codec.ts';
import type { FactsRecord } from '#wire/peel.ts';
import { type Bucket, keptSubject } from '#wire/stores.ts';

/** Writes the peel's own key of a bucket, signed; resolves when the server says it is stored. Throws `STORE_SILENT`. */
export async function keepFacts(
  bus: Bus,
  bucket: Pick<Bucket, 'name'>,
  { peel, seed }: { readonly peel: string; readonly seed: string },
  record: z.input<typeof FactsRecord>,
): Promise<void> {
  const payload = encode(signFacts(peel, record, seed));
  await bus.publishKept(`$KV.${bucket.name}.${peel}`, payload, keptSubject(bucket, peel));
}
