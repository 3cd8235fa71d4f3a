import type { Document } from 'yaml';
import { Numeral } from './numeral.ts';

/** A document that people wrote, of numbers as they wrote them: `1.0` and every digit of a long one. Throws what YAML has against it. */
export async function readYaml(): Promise<(text: string) => unknown> {
  const { parseDocument, visit } = await import('yaml');
  return (text) => {
    const document = parseDocument(text, writtenNumbers);
    const [problem] = document.errors;
    if (problem) throw problem;
    return writtenValue(document, visit);
  };
}

/** Options that keep whole numbers apart from floats, for `writtenValue`. */
export const writtenNumbers = { intAsBigInt: true } as const;

export function writtenValue(document: Document.Parsed, visit: typeof import('yaml').visit): unknown {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'bigint') node.value = Numeral.whole(node.value);
      else if (typeof node.value === 'number') node.value = Numeral.float(node.value);
    },
  });
  return document.toJS();
}

/** What a text of JSON holds, numbers as they are written. Throws `SyntaxError`. */
export function readJson(text: string): unknown {
  return JSON.parse(text, writtenNumber as (key: string, value: unknown) => unknown);
}

function writtenNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' && context.source !== undefined ? Numeral.read(context.source) : value;
}
