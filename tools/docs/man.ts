import type { Block } from '#cli/page.ts';
import type { Manual } from './manual.ts';

interface Edition {
  readonly version: string;
  /** `2026-03-01`. */
  readonly date: string;
}

/** A page of the manual in the language of `man`. */
export function roff({ name, summary, section, sections }: Manual, { version, date }: Edition): string {
  const file = name.replaceAll(' ', '-');
  return [
    `.TH ${quoted(file.toUpperCase())} ${section} "${date}" ${quoted(`Zester ${version}`)} ${quoted('Zester')}`,
    '.SH NAME',
    `${escaped(file)} \\- ${escaped(summary)}`,
    ...sections.flatMap(({ heading, blocks }) => [
      `.SH ${quoted(heading === 'Usage' ? 'SYNOPSIS' : heading.toUpperCase())}`,
      ...withoutFirstBreak(blocks.flatMap(blockLines)),
    ]),
    '',
  ].join('\n');
}

/** A heading is followed by a break as it is. */
function withoutFirstBreak(all: readonly string[]): readonly string[] {
  return all[0] === '.PP' ? all.slice(1) : all;
}

function blockLines(block: Block): readonly string[] {
  switch (block.kind) {
    case 'text':
      return ['.PP', inline(block.text)];
    case 'terms':
      return block.terms.flatMap(([term, meaning]) => ['.TP', `\\fB${escaped(term)}\\fR`, inline(meaning)]);
    case 'lines':
      return block.lines.flatMap(({ title, line }) => [
        ...(title === undefined ? [] : ['.PP', `${inline(title)}:`]),
        '.PP',
        '.nf',
        '.RS 4',
        escaped(line),
        '.RE',
        '.fi',
      ]);
  }
}

/** Backticks make bold, as literals are in manuals. */
function inline(written: string): string {
  return written
    .split(/(`[^`]*`)/)
    .map((part, at) =>
      part.startsWith('`') ? `\\fB${escaped(part.slice(1, -1), false)}\\fR` : escaped(part, at === 0),
    )
    .join('');
}

/** Nothing in it is a command or an escape of roff; hyphens can be copied, and quotes are the ones that were typed. */
function escaped(written: string, isStart = true): string {
  const text = written
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
    .replaceAll(
      /[^\p{ASCII}]/gu,
      (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
  return isStart && /^[.']/.test(text) ? `\\&${text}` : text;
}

function quoted(written: string): string {
  return `"${escaped(written, false)}"`;
}
