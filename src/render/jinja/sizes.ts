import { limitError } from './errors.ts';

const largestText = 32_000_000;
const largestList = 2_000_000;
const deepestValue = 1_000;

/**
 * Refuses a text before it is made: a rendering's own limits count what there is, and a single text or list can fill the
 * memory before it is there. Throws `TEMPLATE_LIMIT`.
 */
export function boundText(length: number): void {
  if (length > largestText) throw limitError('one of its texts', largestText, 'characters');
}

export function boundList(length: number): void {
  if (length > largestList) throw limitError('one of its lists', largestList, 'items');
}

/** Refuses to write out a value that holds itself so many times over: what it is in is looked through at each level. */
export function boundDepth(levels: number): void {
  if (levels > deepestValue) throw limitError('one of its values', deepestValue, 'levels');
}

/** Texts put together, the lengths looked at first. */
export function joined(texts: readonly string[], separator: string): string {
  boundText(texts.reduce((length, each) => length + each.length + separator.length, 0));
  return texts.join(separator);
}
