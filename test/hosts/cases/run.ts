import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { changesOf, differencesBetween, differenceText } from '../changes.ts';
import { type Host, throwAwayHost } from '../host.ts';
import type { Programs } from './build.ts';
import { alternatives, type MachineCase } from './format.ts';
import { differencesFrom, type Observed, type Run, runOf } from './judge.ts';

/** What became of a case: it passes when `differences` is empty; `observed` is what it saw, for people. */
export interface Verdict {
  readonly differences: readonly string[];
  readonly observed: readonly string[];
}

const work = '/srv/t';
const tree = '/srv/tree';
/** On the host's own /run, which is no part of what a run may change. */
const notes = '/run/zester-case';

/** What changes by itself, or by asking: logs and caches. */
const noise = [
  '/var/log',
  '/var/cache',
  '/var/lib/apt',
  '/var/lib/systemd',
  '/var/lib/dpkg',
  '/var/tmp',
  '/etc/.pwd.lock',
];

const helpers = fs.readFileSync(join(import.meta.dirname, 'helpers.sh'), 'utf8');

const limits = { setup: 120, run: 180, probe: 60 };

/** Runs a case in a machine of its own. Whatever happens in there, a crash and a hang too, is a difference. */
export async function runCase(each: MachineCase, programs: Programs): Promise<Verdict> {
  const observed: string[] = [];
  try {
    await using host = await throwAwayHost({
      name: 'case',
      systemd: each.root === 'systemd',
      network: 'own',
      reads: [programs.folder],
    });
    return { differences: await compared(each, new Inside(host, programs.folder, observed)), observed };
  } catch (error) {
    return { differences: [error instanceof Error ? error.message : String(error)], observed };
  }
}

async function compared(each: MachineCase, inside: Inside): Promise<readonly string[]> {
  inside.layOut(each);
  if (each.setup !== undefined) await inside.bash('setup', `${helpers}\n${each.setup}`, limits.setup);
  const choices = alternatives(each);
  const probes = [...new Set(choices.flatMap(({ probe }) => probe ?? []))];
  const look = async (when: string): Promise<ReadonlyMap<string, string>> => {
    const seen = new Map<string, string>();
    for (const probe of probes) seen.set(probe, (await inside.bash(`probe ${when}`, probe, limits.probe)).output);
    return seen;
  };

  if (each.tool !== undefined) {
    await inside.bash('tool', each.tool.replaceAll(/\bTREE\b/g, tree), limits.run);
    const outputs = [await look('after it')];
    return closest(choices.map((choice) => differencesFrom(choice, { outputs })));
  }
  const before = changesOf(inside.host, { leaveOut: noise });
  const plan = await inside.apply('plan', { test: true });
  const touched = differencesBetween(inside.host, before, changesOf(inside.host, { leaveOut: noise }));
  const runs: Run[] = [];
  const outputs: ReadonlyMap<string, string>[] = [];
  for (const when of ['first', 'second'] as const) {
    runs.push(await inside.apply(`${when} run`, { test: false }));
    outputs.push(await look(`after the ${when} run`));
  }
  const seen: Observed = { plan, touched: touched.map(differenceText), runs, outputs };
  return closest(choices.map((choice) => differencesFrom(choice, seen)));
}

/** The alternative that is nearest to what was seen. */
function closest(differences: readonly (readonly string[])[]): readonly string[] {
  return differences.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

interface Told {
  readonly code: number;
  /** Standard output and error as they came, where they go to one place. */
  readonly output: string;
  readonly errors: string;
}

/** Everything that is done to the machine of a case. */
class Inside {
  readonly host: Host;
  private readonly programs: string;
  private readonly observed: string[];
  private hasSettings = false;

  constructor(host: Host, programs: string, observed: string[]) {
    this.host = host;
    this.programs = programs;
    this.observed = observed;
  }

  /** A copy of this machine may hold what another has left there. */
  layOut({ tree: files, pillar }: MachineCase): void {
    for (const folder of [work, tree]) fs.rmSync(this.at(folder), { recursive: true, force: true });
    for (const folder of [work, tree, notes]) fs.mkdirSync(this.at(folder), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      fs.mkdirSync(dirname(this.at(join(tree, path))), { recursive: true });
      fs.writeFileSync(this.at(join(tree, path)), content);
    }
    if (pillar === undefined) return;
    // Data and no template: a brace in it is a brace.
    fs.writeFileSync(this.at(`${notes}/settings.yaml`), `#!yaml\n${pillar}\n`);
    this.hasSettings = true;
  }

  async bash(what: string, script: string, limitS: number): Promise<Told> {
    const told = await this.run(what, ['bash', '-c', script], { cwd: work, limitS, merged: true });
    this.observed.push(`${what} (exit ${told.code}):\n${told.output}`);
    return told;
  }

  async apply(what: string, { test }: { readonly test: boolean }): Promise<Run> {
    const argv = [
      ...[`${this.programs}/zester-peel`, 'apply', '--local', 'case', '--states', tree, '--data', `${notes}/data`],
      ...(this.hasSettings ? ['--settings', `${notes}/settings.yaml`] : []),
      ...(test ? ['--test'] : []),
      '--json',
    ];
    const { code, output, errors } = await this.run(what, argv, { cwd: '/', limitS: limits.run, merged: false });
    const run = runOf({ code, output, errors });
    this.observed.push(`${what} (exit ${code}):\n${run.text}`);
    return run;
  }

  /** Output goes to files: what a script leaves running in the background would hold a pipe for ever. */
  private async run(
    what: string,
    argv: readonly string[],
    { cwd, limitS, merged }: { readonly cwd: string; readonly limitS: number; readonly merged: boolean },
  ): Promise<Told> {
    const [out, err] = [`${notes}/out`, merged ? '&1' : `${notes}/err`];
    const script = `exec > ${out} 2>${merged ? '' : ' '}${err} < /dev/null; exec "$@"`;
    const env = { TREE: tree, PATH: `${this.programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` };
    let isStuck = false;
    const timer = setTimeout(() => {
      isStuck = true;
      void this.host.kill();
    }, limitS * 1_000);
    const { code, stderr } = await this.host.run(['bash', '-c', script, 'bash', ...argv], { cwd, env });
    clearTimeout(timer);
    if (isStuck) throw new Error(`${what}: did not end within ${limitS} seconds`);
    return { code, output: this.read(out), errors: stderr + (merged ? '' : this.read(`${notes}/err`)) };
  }

  private read(path: string): string {
    return fs.existsSync(this.at(path)) ? fs.readFileSync(this.at(path), 'utf8') : '';
  }

  private at(path: string): string {
    return join(this.host.root, path);
  }
}
