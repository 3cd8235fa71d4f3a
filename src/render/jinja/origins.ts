import type { Pieces } from '../source-map.ts';

/**
 * The pieces of `after`, a text some filter made of `before`: when one stands inside the other (`trim`), or when both have
 * the same lines up to what stands before and after them (`indent`). Undefined when neither holds.
 */
export function alignPieces(pieces: Pieces, before: string, after: string): Pieces | undefined {
  const inside = before.indexOf(after);
  if (inside >= 0) return pieces.rearranged([[inside, after.length, 0]]);
  const around = after.indexOf(before);
  if (around >= 0) return pieces.rearranged([[0, before.length, around]]);
  const [oldLines, newLines] = [before.split('\n'), after.split('\n')];
  if (oldLines.length !== newLines.length) return undefined;
  const slices: (readonly [number, number, number])[] = [];
  let [from, to] = [0, 0];
  for (const [index, line] of oldLines.entries()) {
    const made = newLines[index] ?? '';
    const shift = made.endsWith(line) ? made.length - line.length : 0;
    slices.push([from, line.length + 1, to + shift]);
    from += line.length + 1;
    to += made.length + 1;
  }
  return pieces.rearranged(slices);
}
