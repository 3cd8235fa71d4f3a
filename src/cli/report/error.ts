import { families, type Place, placeText, type ZesterError } from '#base/errors.ts';
import { excerptOf } from '#base/excerpt.ts';
import { visible, visibleLine } from '#base/visible.ts';
import { paint, type Style } from './style.ts';

/** The text of a file, when it can be read here. */
export type SourceOf = (file: string) => string | undefined;

/**
 * An error as a person reads it: what went wrong, where with the line and a caret, what to do, and the code to search for.
 * A stack is shown for bugs only.
 */
export function showError(error: ZesterError, style: Style, sourceOf: SourceOf = () => undefined): string {
  const { message, at, hint, code, details = {}, family } = error;
  const lines = [`${paint(style, 'red', 'Error:')} ${continued(visible(message))} ${paint(style, 'dim', `[${code}]`)}`];
  const excerpt = details.excerpt ?? (at && excerptOf({ ...at, text: at.text ?? lineOf(at, sourceOf) }));
  if (at && details.excerpt === undefined) lines.push(`  at ${visibleLine(placeText(at))}`);
  if (excerpt) lines.push(...indented(visible(excerpt)));
  for (const [name, text] of Object.entries(details)) {
    if (name !== 'excerpt' && text !== '') lines.push(...indented(`${name}: ${visible(text)}`));
  }
  if (hint) lines.push(`${paint(style, 'cyan', 'Hint:')} ${continued(visible(hint))}`);
  if (families[family].showsStack && error.cause instanceof Error && error.cause.stack) {
    lines.push(
      paint(style, 'dim', error.cause.stack),
      'This is a bug in Zester: please report it with the lines above',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `at web.sls:4:7`, and the line with a caret where it is known: of errors that come from afar. */
export function placeLines(at: Place): string[] {
  const excerpt = excerptOf(at);
  return [`at ${visibleLine(placeText(at))}`, ...(excerpt === undefined ? [] : visible(excerpt).split('\n'))];
}

function lineOf({ file, line }: Place, sourceOf: SourceOf): string | undefined {
  return sourceOf(file)?.split('\n')[line - 1];
}

/** Further lines of a text stand below its first one, where no line of ours begins. */
function continued(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
