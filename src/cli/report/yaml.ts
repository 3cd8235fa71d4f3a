import { Numeral } from '#base/numeral.ts';
import { jsonText, visible } from '#base/visible.ts';

/** YAML that has no character that is not seen: a text with one is quoted, and the character written out. */
export async function yamlText(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import('yaml');
  const document = new Document(value, (_key, each) => {
    if (!(each instanceof Numeral)) return each;
    return each.isFloat ? Object.assign(new Scalar(each.valueOf()), { minFractionDigits: 1 }) : BigInt(each.text);
  });
  visit(document, {
    Scalar(_, node) {
      // Only between quotes YAML has a way to write a character.
      if (typeof node.value === 'string' && visible(node.value) !== node.value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return visible(document.toString(), (character) => jsonText(character).slice(1, -1));
}
