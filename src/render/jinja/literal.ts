const escapeSequence = /\\(?:\r?\n|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;
const single: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text a Python string literal means. An escape Python does not know stays as it is written. */
export function decodeLiteral(written: string): string {
  if (!written.includes('\\')) return written;
  return written.replace(escapeSequence, (whole, hex, short, long, octal, letter: string | undefined) => {
    const code = hex ?? short ?? long;
    if (code !== undefined) return codePoint(Number.parseInt(code, 16), whole);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (letter === undefined) return '';
    return single[letter] ?? whole;
  });
}

function codePoint(code: number, whole: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
