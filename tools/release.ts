/**
 * `npm run release -- VERSION` makes a release from a clean checkout of main: checks and tests, the version in
 * package.json, the changes in CHANGELOG.md, the executables in `dist/`. It commits nothing: it says what to run next.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkChanges, gather, readChanges } from './changes.ts';
import { root } from './source.ts';

if (import.meta.main) {
  const [version = ''] = process.argv.slice(2);
  const before: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const problem = refusal({ version, before: before.version, changes: readChanges().length, state: checkoutState() });
  if (problem !== undefined) {
    console.error(`Cannot release "${version}": ${problem}`);
    process.exit(64);
  }
  const run = (...args: readonly string[]) => {
    if (spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
  };
  run('tools/ok.ts');
  run('tools/test.ts');
  writeVersion(version);
  gatherChanges(version);
  run('tools/build.ts');
  console.log(`Next:\n  git commit --all --message "Release ${version}"\n  git tag v${version}`);
}

interface Situation {
  readonly version: string;
  readonly before: string;
  readonly changes: number;
  readonly state: { readonly branch: string; readonly isClean: boolean };
}

/** Why this release cannot be made, or undefined. */
export function refusal({ version, before, changes, state }: Situation): string | undefined {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return 'a version is three numbers, such as "0.2.0"';
  if (!isNewer(version, before)) return `it is not newer than ${before}`;
  if (state.branch !== 'main') return `this is the branch "${state.branch}", and releases come from main`;
  if (!state.isClean) return 'there are changes that are not committed';
  if (changes === 0) return 'nothing in changes/ says what is new';
  return undefined;
}

function isNewer(version: string, before: string): boolean {
  return version.localeCompare(before, 'en', { numeric: true }) > 0;
}

function checkoutState(): Situation['state'] {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  return { branch: git('rev-parse', '--abbrev-ref', 'HEAD'), isClean: git('status', '--porcelain') === '' };
}

function writeVersion(version: string): void {
  execFileSync('npm', ['version', version, '--no-git-tag-version', '--ignore-scripts'], { cwd: root, stdio: 'ignore' });
}

function gatherChanges(version: string): void {
  const changes = readChanges();
  if (checkChanges(changes).length > 0) throw new Error('Cannot gather the changes: run "npm run ok" to see why');
  const file = join(root, 'CHANGELOG.md');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(file, gather(readFileSync(file, 'utf8'), { version, date, changes }));
  for (const { path } of changes) rmSync(join(root, path));
}
