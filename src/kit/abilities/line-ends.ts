import { lineEdits } from '../diff.ts';

/**
 * An edit of a text that knows line feeds only, made of one that may end its lines otherwise: lines that stay keep their
 * ends, and new ones get those of the text. Lines that are the same stay so to the byte.
 */
export async function keepingLineEnds(
  text: string,
  edit: (text: string) => Promise<string | undefined> | string | undefined,
): Promise<string | undefined> {
  if (!text.includes('\r\n')) return edit(text);
  const plain = text.replaceAll('\r\n', '\n');
  const edited = await edit(plain);
  if (edited === undefined || edited === plain) return edited === undefined ? undefined : text;
  const isMixed = /(^|[^\r])\n/.test(text);
  return isMixed ? withOwnEnds(text, edited) : edited.replaceAll('\n', '\r\n');
}

/** An edit of a text that knows no byte order mark: one that begins the text stays there. */
export async function keepingMark(
  text: string,
  edit: (text: string) => Promise<string | undefined> | string | undefined,
): Promise<string | undefined> {
  if (!text.startsWith('\uFEFF')) return edit(text);
  const edited = await edit(text.slice(1));
  return edited === undefined ? undefined : `\uFEFF${edited}`;
}

/** The text of mixed ends, as edited: each line that stays is taken from it, a new one ends like the text's first. */
function withOwnEnds(text: string, edited: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const usual = lines[0]?.endsWith('\r\n') ? '\r\n' : '\n';
  let at = 0;
  let result = '';
  for (const [mark, line] of lineEdits(text.replaceAll('\r\n', '\n'), edited)) {
    if (mark === '+') result += line.replace('\n', usual);
    else if (mark === ' ') result += lines[at++] ?? '';
    else at++;
  }
  return result;
}
