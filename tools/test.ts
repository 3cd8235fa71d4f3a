/**
 * Runs the tests and closes with `N passed, N failed`. `test.ts [path…] [--name pattern] [--verbose]`
 * Those that need machines of their own (`npm run hosts`) and those that look at random trees (`npm run properties`) run
 * when their path is asked for: the inner loop stays below a minute.
 *
 * Files run side by side in a process each, the slowest first. A worker that dies, a file that runs no test and a
 * runner that ends badly without saying why are failures: silence is never a pass.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseFlags } from './flags.ts';
import { repositoryFiles, root } from './source.ts';

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, one line each, for the end of a long log. */
  readonly failures: readonly string[];
}

const testTimeoutMs = 30_000;
const runTimeoutMs = 25 * 60_000;

const entities: Attributes = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

if (import.meta.main) {
  const { words, flags } = parseFlags(process.argv.slice(2), ['verbose']);
  const files = repositoryFiles().filter(
    (path) =>
      path.endsWith('.test.ts') && (words.length === 0 ? !isApart(path) : words.some((word) => path.includes(word))),
  );
  const summary = await runTests(files, {
    verbose: flags.verbose === true,
    ...(typeof flags.name === 'string' ? { name: flags.name } : {}),
  });
  printSummary(summary);
  process.exitCode = summary.failed === 0 ? 0 : 1;
}

function isApart(path: string): boolean {
  return isHostTest(path) || path.startsWith('test/properties/');
}

export function isHostTest(path: string): boolean {
  return path.startsWith('test/hosts/') && path.endsWith('.test.ts');
}

interface RunOptions {
  readonly folder?: string;
  readonly verbose?: boolean;
  /** Only tests whose names match: files without one are then no failure. */
  readonly name?: string;
  readonly quiet?: boolean;
}

export async function runTests(files: readonly string[], options: RunOptions = {}): Promise<Summary> {
  const { folder = root, verbose = false, name, quiet = false } = options;
  if (files.length === 0) return { passed: 0, failed: 1, skipped: 0, failures: ['no test file matches'] };
  const notes = join(folder, '.tools');
  const reportFile = join(notes, 'tests.xml');
  mkdirSync(notes, { recursive: true });
  rmSync(reportFile, { force: true });
  const code = await runBun(
    [
      '--parallel',
      '--no-orphans',
      `--timeout=${testTimeoutMs}`,
      `--timings=${join(notes, 'test-timings.json')}`,
      '--update-timings',
      '--reporter=junit',
      `--reporter-outfile=${reportFile}`,
      ...(verbose ? [] : ['--only-failures']),
      ...(name === undefined ? [] : [`--test-name-pattern=${name}`]),
      ...files.map((file) => `./${file}`),
    ],
    { folder, quiet },
  );
  return summarize(readReport(reportFile), { code, files: name === undefined ? files : [] });
}

/** What the runner reported, set against what it was asked for and how it ended. */
export function summarize(
  xml: string,
  { code, files }: { readonly code: number; readonly files: readonly string[] },
): Summary {
  const totals = attributes(xml, 'testsuites')[0] ?? {};
  const count = (key: string) => Number(totals[key] ?? 0);
  const withTests = new Set(
    attributes(xml, 'testsuite')
      .filter(({ tests }) => Number(tests) > 0)
      .map(({ file }) => file),
  );
  const empty = files.filter((file) => !withTests.has(file)).map((file) => `${file}: ran no test`);
  const failedCases = failingCases(xml);
  const reported = Math.max(count('failures') + count('errors'), failedCases.length);
  const known = reported + empty.length;
  const unexplained = code !== 0 && known === 0 ? [`the test runner ended with code ${code} and named no failure`] : [];
  return {
    passed: Math.max(0, count('tests') - reported - count('skipped')),
    failed: known + unexplained.length,
    skipped: count('skipped'),
    failures: [...failedCases, ...empty, ...unexplained],
  };
}

export function printSummary({ passed, failed, skipped, failures }: Summary): void {
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((each) => `  ${each}`).join('\n')}`);
  if (skipped > 0) console.log(`\n${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
}

function runBun(args: readonly string[], { folder, quiet }: { folder: string; quiet: boolean }): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['test', ...args], { cwd: folder, stdio: quiet ? 'ignore' : 'inherit' });
    const timer = setTimeout(() => {
      console.error(`The tests did not end within ${runTimeoutMs / 60_000} minutes`);
      child.kill('SIGKILL');
    }, runTimeoutMs);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
    child.on('error', () => resolve(127));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code ?? 137);
    });
  });
}

/** Empty when the runner died before it wrote one. */
function readReport(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function failingCases(xml: string): string[] {
  const cases = xml.split(/(?=<testcase )/).slice(1);
  return cases
    .filter((each) => /<(failure|error)\b/.test(each))
    .map((each) => attributes(each, 'testcase')[0] ?? {})
    .map(({ file = '', line, classname = '', name = '' }) =>
      [`${file}${line === undefined ? '' : `:${line}`}:`, classname, name].filter(Boolean).join(' '),
    );
}

type Attributes = Readonly<Record<string, string>>;

/** Attributes of every element of that name. The report is made by a program: well formed, attributes in quotes. */
function attributes(xml: string, element: string): Attributes[] {
  return [...xml.matchAll(new RegExp(`<${element}\\s([^>]*)>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries(
      [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, plain(value)]),
    ),
  );
}

function plain(value: string): string {
  return value
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
