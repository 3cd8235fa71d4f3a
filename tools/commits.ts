/**
 * What the history says of itself: `area: Say what now holds`, and below it why. Checked are the commits that came after
 * this file; a clone without history has none to check.
 */
import { execFileSync } from 'node:child_process';
import { type Finding, report } from './finding.ts';
import { root } from './source.ts';

export interface Commit {
  readonly hash: string;
  readonly subject: string;
  readonly body: string;
}

const longest = 120;

if (import.meta.main) {
  const commits = readCommits();
  report(checkCommits(commits), `${commits.length} commits say what holds, and why`);
}

export function checkCommits(commits: readonly Commit[]): Finding[] {
  return commits.flatMap(({ hash, subject, body }): Finding[] => {
    const finding = (message: string, instead: string) => [{ file: hash.slice(0, 12), message, instead }];
    if (!/^[a-z][a-z0-9-]*(, [a-z][a-z0-9-]*)*: ["`A-Z0-9]/.test(subject)) {
      return finding(`is called "${subject}"`, 'call it "area: Say what now holds"');
    }
    if (subject.length > longest) return finding(`has a subject of ${subject.length} letters`, `say it in ${longest}`);
    if (subject.endsWith('.')) return finding('has a subject that ends with a full stop', 'leave it out');
    if (body.trim() === '') return finding(`"${subject}" does not say why`, 'give it a body with the reason');
    return [];
  });
}

function readCommits(): readonly Commit[] {
  const git = (...args: readonly string[]) => {
    try {
      return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      return '';
    }
  };
  const first = git('log', '--diff-filter=A', '--format=%H', '--', 'tools/commits.ts').trim().split('\n').at(-1);
  if (!first) return [];
  return git('log', '--no-merges', '--format=%H%x00%s%x00%b%x01', `${first}..HEAD`)
    .split('\x01')
    .map((entry) => entry.trim().split('\0'))
    .flatMap(([hash, subject = '', body = '']) => (hash ? [{ hash, subject, body }] : []));
}
