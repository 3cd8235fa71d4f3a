import type { RawNode } from '#render/yaml/compose.ts';
import { plainText } from '../read/plain.ts';
import type { Sheet } from '../read/sheet.ts';
import type { Lack } from '../report.ts';

/** Values that GPG encrypted: only their owner can open them. */
export function findSecrets({ source, skeleton }: Sheet): readonly Lack[] {
  return (skeleton?.roots ?? []).flatMap((root) =>
    secretsIn(root, []).map(({ at, path }) => ({
      at: source.place(at),
      kind: 'secret',
      name: path.join(':'),
      hint: 'Open it with "gpg --decrypt" where its key is: Zester has no renderer for it',
    })),
  );
}

function secretsIn(
  node: RawNode,
  path: readonly string[],
): { readonly at: number; readonly path: readonly string[] }[] {
  if (node.kind === 'scalar') return node.text.includes('-----BEGIN PGP MESSAGE-----') ? [{ at: node.at, path }] : [];
  if (node.kind === 'list') return node.items.flatMap((item, index) => secretsIn(item, [...path, String(index)]));
  return node.pairs.flatMap(({ key, value }) => secretsIn(value, [...path, plainText(key)]));
}
