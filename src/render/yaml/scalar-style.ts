import { resolvePlain } from './resolve.ts';

const linebreak = /[\n\x85\u2028\u2029]/;
const space = /[\0 \t\r\n\x85\u2028\u2029]/;
const printable = /^[\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;
const opensAnything = '#,[]{}&*!|>\'"%@`';

export type Style = 'plain' | 'single' | 'double';

/** The plainest style in which a text is read back as the same text, as libyaml's emitter picks it. */
export function styleOf(
  text: string,
  { flow, key, ascii = false }: { flow: boolean; key: boolean; ascii?: boolean },
): Style {
  if (ascii && /[^\n\x20-\x7e]/.test(text)) return 'double';
  const multiline = linebreak.test(text);
  if (!printable.test(text) || / (?=[\n\x85\u2028\u2029])/.test(text)) return 'double';
  if (key && multiline) return 'double';
  if (/[\n\x85\u2028\u2029] /.test(text)) return 'double';
  if (text === '' || multiline || /^ | $/.test(text) || resolvePlain(text) !== 'str') return 'single';
  const { inFlow, inBlock } = indicators(text);
  return (flow ? inFlow : inBlock) ? 'single' : 'plain';
}

/** Whether characters with a meaning keep a text from being plain. */
function indicators(text: string): { inFlow: boolean; inBlock: boolean } {
  const first = text.charAt(0);
  const firstAlone = text.length === 1 || space.test(text.charAt(1));
  const inBoth =
    text.startsWith('---') ||
    text.startsWith('...') ||
    opensAnything.includes(first) ||
    (first === '-' && firstAlone) ||
    /[\0 \t\r\n\x85\u2028\u2029]#/.test(text);
  const inBlock = inBoth || ('?:'.includes(first) && firstAlone) || /:(?=[\0 \t\r\n\x85\u2028\u2029]|$)/.test(text);
  const inFlow = inBlock || '?:'.includes(first) || /[,?[\]{}:]/.test(text.slice(1));
  return { inFlow, inBlock };
}

export const doubleEscapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

/** A character as it is written between double quotes. */
export function escapeDouble(character: string, { ascii = false } = {}): string {
  const code = character.codePointAt(0) ?? 0;
  const isPrintable =
    code >= 0x20 && code <= 0x7e ? true : !ascii && printable.test(character) && !linebreak.test(character);
  if (isPrintable && character !== '"' && character !== '\\') return character;
  const known = doubleEscapes[character];
  if (known !== undefined) return known;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
