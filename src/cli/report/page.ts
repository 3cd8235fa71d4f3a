import type { Block, Page } from '../page.ts';
import { paint, type Style, widthOf } from './style.ts';

/** A page as a terminal shows it: wrapped to its width, and in a pipe to a width one can read. */
export function showPage({ summary, sections }: Page, style: Style): string {
  return `${summary}\n\n${sections.map((each) => showSection(each, style)).join('\n')}`;
}

export function showSection({ heading, blocks }: Page['sections'][number], style: Style): string {
  const shown = blocks.map((block) => showBlock(block, style));
  return `${paint(style, 'bold', `${heading}:`)}\n${shown.join('\n')}`;
}

const margin = 2;
/** A longer term stands on a line of its own, and what it means below it. */
const longestTerm = 30;

function showBlock(block: Block, style: Style): string {
  const width = Math.min(style.width, 100) - margin;
  switch (block.kind) {
    case 'text':
      return indented(wrapped(plain(block.text), width), margin);
    case 'lines':
      return block.lines
        .map(({ title, line }) => {
          const above = title === undefined ? '' : `  ${paint(style, 'dim', `# ${title}`)}\n`;
          return `${above}  ${line}\n`;
        })
        .join('');
    case 'terms': {
      const fitting = block.terms.map(([term]) => widthOf(term)).filter((each) => each <= longestTerm);
      const column = Math.max(0, ...fitting);
      return block.terms
        .map(([term, meaning]) => {
          const [first = '', ...rest] = wrapped(plain(meaning), Math.max(20, width - column - 2));
          const below = indented(rest, margin + column + 2);
          if (widthOf(term) > column) return `  ${plain(term)}\n${indented([first, ...rest], margin + column + 2)}`;
          return `${`  ${plain(term).padEnd(column)}  ${first}`.trimEnd()}\n${below}`;
        })
        .join('');
    }
  }
}

/** Backticks are for pages: a terminal has one font. */
function plain(written: string): string {
  return written.replaceAll('`', '');
}

function wrapped(written: string, width: number): string[] {
  const found: string[] = [];
  let line = '';
  for (const word of written.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      found.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? found : [...found, line];
}

function indented(all: readonly string[], by: number): string {
  return all.map((each) => `${' '.repeat(by)}${each}\n`).join('');
}
