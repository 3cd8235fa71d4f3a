import { createHash } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import { textOf } from '#kit/content.ts';
import type { Sources } from '#kit/context.ts';
import { baseName } from '#kit/types.ts';

export interface HashWish {
  readonly name: string;
  readonly source_hash?: string | undefined;
  readonly source_hash_name?: string | undefined;
}

interface Hash {
  readonly algorithm: string;
  readonly hex: string;
}

const algorithms: Readonly<Record<number, string>> = {
  32: 'md5',
  40: 'sha1',
  56: 'sha224',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

/**
 * Throws `SOURCE_HASH_WRONG` unless the content of a source has the wanted hash, which is written out (`sha256=…`) or
 * looked up in a file of hashes. Throws `SOURCE_HASH_INVALID` where there is none to be found.
 */
export async function verifyHash(wish: HashWish, path: string, bytes: Uint8Array, sources: Sources): Promise<void> {
  const { name, source_hash = '' } = wish;
  if (source_hash === '') return;
  const { algorithm, hex } = written(source_hash) ?? (await lookedUp(wish, source_hash, path, sources));
  const actual = createHash(algorithm).update(bytes).digest('hex');
  if (actual === hex) return;
  throw new ZesterError(
    'source',
    'SOURCE_HASH_WRONG',
    `Cannot manage "${name}": "${path}" has the ${algorithm} hash ${actual}`,
  );
}

function written(text: string): Hash | undefined {
  const [, named, hex = ''] = /^(?:(md5|sha\d+)[=:])?([0-9a-f]+)$/i.exec(text.trim()) ?? [];
  const algorithm = named?.toLowerCase() ?? algorithms[hex.length];
  return algorithm === undefined || algorithms[hex.length] !== algorithm
    ? undefined
    : { algorithm, hex: hex.toLowerCase() };
}

/** From a file such as `sha256sum` writes: the line of the given name, of the file itself, of its source, or the only one. */
async function lookedUp(wish: HashWish, place: string, path: string, sources: Sources): Promise<Hash> {
  const bytes = await sources.read(place);
  if (bytes === undefined)
    throw invalid(wish.name, `"${place}" is neither a hash such as "sha256=…" nor a file of hashes`);
  const lines = (textOf(bytes) ?? '').split(/\r?\n/).flatMap((line) => lineOf(line) ?? []);
  const names = [wish.source_hash_name, wish.name, path].flatMap((each) =>
    each === undefined ? [] : [baseName(each)],
  );
  const named = names.flatMap((name) => lines.filter((line) => line.names.some((each) => baseName(each) === name)))[0];
  const only = wish.source_hash_name === undefined && lines.length === 1 ? lines[0] : undefined;
  const found = named ?? only;
  if (found === undefined)
    throw invalid(wish.name, `"${place}" has no hash for ${names.map((each) => `"${each}"`).join(' or ')}`);
  return found;
}

/** `HASH  name`, `HASH *name`, `SHA256 (name) = HASH`, `sha256=HASH`, or the hash alone. */
function lineOf(line: string): (Hash & { readonly names: readonly string[] }) | undefined {
  const words = line.split(/[\s*()=:]+/).filter(Boolean);
  const hex = words.find((word) => /^[0-9a-f]+$/i.test(word) && algorithms[word.length] !== undefined);
  const algorithm = hex && algorithms[hex.length];
  if (hex === undefined || algorithm === undefined) return undefined;
  return { algorithm, hex: hex.toLowerCase(), names: words.filter((word) => word !== hex) };
}

function invalid(name: string, reason: string): ZesterError {
  return new ZesterError('source', 'SOURCE_HASH_INVALID', `Cannot manage "${name}": ${reason}`, {
    hint: 'Write the hash itself, such as "sha256=…", or name a file of the state tree that lists it',
  });
}
