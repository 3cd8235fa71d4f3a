/**
 * News for people who use Zester: one file a change, `changes/<slug>.md`, one paragraph. `changes.ts` checks them;
 * a release gathers them into CHANGELOG.md and removes them.
 */
import { posix } from 'node:path';
import { type Finding, report } from './finding.ts';
import { readSources, repositoryFiles, type SourceFile } from './source.ts';

const folder = 'changes/';
const longest = 800;

if (import.meta.main) {
  const changes = readChanges();
  report(checkChanges(changes), `${changes.length} changes are told`);
}

export function readChanges(): SourceFile[] {
  return readSources(repositoryFiles().filter((path) => path.startsWith(folder)));
}

export function checkChanges(changes: readonly SourceFile[]): Finding[] {
  return changes.flatMap(({ path, text }): Finding[] => {
    const paragraph = text.trim();
    const finding = (message: string, instead: string) => [{ file: path, message, instead }];
    if (!/^changes\/[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(path)) {
      return finding('is not named for its change', 'name it in kebab case, such as "changes/slow-start.md"');
    }
    if (paragraph === '' || /\n\s*\n/.test(paragraph) || paragraph.startsWith('#')) {
      return finding('is not one paragraph', 'say in one paragraph, without a heading, what the reader has now');
    }
    if (!/^[A-Z`"'].*[.!`)]$/s.test(paragraph)) {
      return finding('is not made of sentences', 'begin with a capital and end with a full stop');
    }
    if (paragraph.length <= longest) return [];
    return finding(`has ${paragraph.length} characters`, `say it in ${longest}, and put the rest into the guide`);
  });
}

/** CHANGELOG.md with a new release on top, its changes in the order of their names. */
export function gather(
  changelog: string,
  {
    version,
    date,
    changes,
  }: { readonly version: string; readonly date: string; readonly changes: readonly SourceFile[] },
): string {
  const [head = '', ...releases] = changelog.split(/^(?=## )/m);
  const items = changes
    .toSorted((a, b) => posix.basename(a.path).localeCompare(posix.basename(b.path)))
    .map(({ text }) => `- ${text.trim().replaceAll(/\s*\n\s*/g, ' ')}`);
  return `${head.trimEnd()}\n\n## ${version} (${date})\n\n${items.join('\n')}\n\n${releases.join('')}`.replace(
    /\n+$/,
    '\n',
  );
}
