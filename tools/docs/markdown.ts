import type { Block, Page, Section } from '#cli/page.ts';

/** A page of the manual as one of the reference; `depth` is that of its own heading. */
export function markdown({ name, summary, sections }: Page, depth = 1): string {
  const parts = [
    `${'#'.repeat(depth)} ${name}`,
    `${summary}.`,
    ...sections.map((each) => sectionText(each, depth + 1)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function sectionText({ heading, blocks }: Section, depth: number): string {
  return [`${'#'.repeat(depth)} ${heading}`, ...blocks.map(markdownBlock)].join('\n\n');
}

export function markdownBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return prose(block.text);
    case 'lines': {
      const all = block.lines.map(({ title, line }) => (title === undefined ? line : `# ${title}\n${line}`));
      const isTyped = block.lines.some(({ line }) => /^zester\b/.test(line)) && !/<\w|\[\w+…?\]/.test(all.join('\n'));
      return `\`\`\`${isTyped ? 'sh' : 'text'}\n${all.join('\n')}\n\`\`\``;
    }
    case 'terms':
      return [
        '| | |',
        '| --- | --- |',
        ...block.terms.map(([term, meaning]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(meaning)} |`),
      ].join('\n');
  }
}

function cell(written: string): string {
  return prose(written).replaceAll('|', '\\|');
}

/** `<auth_dir>` is no element, but between backticks it stays as it is. */
function prose(written: string): string {
  const parts = written.split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;'))).join('');
}
