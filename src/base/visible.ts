// Control, format and private characters, lone surrogates, line separators, and letters that are drawn as nothing. With
// them a text could move the cursor, retitle the window, turn the direction of a line, or pass for another text.
const unseen = String.raw`\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0`;
const unseenButLines = new RegExp(`(?![\\n\\t])[${unseen}]`, 'gu');
const unseenAtAll = new RegExp(`[${unseen}]`, 'gu');
const anyUnseen = new RegExp(`[${unseen}]`, 'u');

/** Text of others as a terminal may have it: line breaks and tabs stay, other characters that are not seen are written out. */
export function visible(text: string, write: (character: string) => string = written): string {
  if (!anyUnseen.test(text)) return text;
  return text.replaceAll('\r\n', '\n').replaceAll(unseenButLines, (character) => write(character));
}

/** The same for a text that stays on its line: a name, an id, a cell. */
export function visibleLine(text: string): string {
  return anyUnseen.test(text) ? text.replaceAll(unseenAtAll, (character) => written(character)) : text;
}

/** JSON that has no character that is not seen: they stand only in texts, where JSON has a way to write them. */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, bytesAsText, indent) as string | undefined;
  if (text === undefined) return 'null';
  return text.replaceAll(unseenButLines, (character) =>
    character
      .split('')
      .map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`)
      .join(''),
  );
}

/** Bytes have no form in JSON: base64 is what people expect. */
function bytesAsText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function written(character: string): string {
  const code = character.codePointAt(0) as number;
  if (short[character] !== undefined) return short[character];
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
