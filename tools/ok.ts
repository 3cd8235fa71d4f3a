/** Everything a merge needs: `ok.ts` checks, `ok.ts --fix` mends first what a program can mend. */
import { spawn } from 'node:child_process';
import { root } from './source.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** What to run, or to do, when it fails. */
  readonly repair: string;
  /** The part of the repair that needs no thought. */
  readonly fix?: readonly string[];
}

const biome = ['node', 'node_modules/@biomejs/biome/bin/biome'];
const tool = (file: string, ...args: readonly string[]) => [process.execPath, `tools/${file}`, ...args];

const checks: readonly Check[] = [
  {
    name: 'types',
    command: ['node', 'node_modules/typescript/bin/tsc', '--project', '.', '--pretty', 'false'],
    repair: 'mend the types at the places above',
  },
  {
    name: 'style',
    command: [...biome, 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=30', '.'],
    repair: 'npm run fix, and mend by hand what is left',
    fix: [...biome, 'check', '--colors=off', '--write', '--log-level=error', '.'],
  },
  {
    name: 'layers',
    command: tool('layers.ts'),
    repair: 'move the code as each line says; "npm run fix" draws docs/design/layers.md',
    fix: tool('layers.ts', '--write'),
  },
  { name: 'names', command: tool('names.ts'), repair: 'rename as each line says' },
  { name: 'docs', command: tool('docs.ts', '--check'), repair: 'npm run docs', fix: tool('docs.ts') },
  { name: 'changes', command: tool('changes.ts'), repair: 'rewrite the paragraph in changes/' },
  { name: 'commits', command: tool('commits.ts'), repair: 'say it anew with: git commit --amend, or git rebase -i' },
];

if (import.meta.main) {
  if (process.argv.includes('--fix')) for (const { fix } of checks) if (fix !== undefined) await runCommand(fix);
  process.exitCode = (await runChecks(checks)) === 0 ? 0 : 1;
}

/** Runs them all at once, says what became of each as it ends, and gives back how many failed. */
export async function runChecks(all: readonly Check[], say: (line: string) => void = console.log): Promise<number> {
  const results = await Promise.all(
    all.map(async ({ name, command, repair }) => {
      const startedAt = performance.now();
      const { code, output } = await runCommand(command);
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      say(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(8)} ${seconds}s`);
      if (code !== 0)
        say(`${indent(output.trim() || `ended with code ${code} and said nothing`)}\n    repair: ${repair}`);
      return code === 0;
    }),
  );
  const failed = results.filter((isOk) => !isOk).length;
  say(`${results.length - failed} passed, ${failed} failed`);
  return failed;
}

interface Ended {
  /** 127 when the command could not be started. */
  readonly code: number;
  readonly output: string;
}

function runCommand([program = '', ...args]: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk.toString();
    };
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
