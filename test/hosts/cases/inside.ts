import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../host.ts';
import { type Run, runOf } from './judge.ts';

/** Where its state tree lies. */
export const stateTree = '/srv/tree';
/** On the host's own /run, which is no part of what a run may change. */
const notes = '/run/zester-case';

const runLimitS = 180;

/** How a script ended. */
export interface Told {
  readonly code: number;
  /** Standard output and error as they came, where they go to one place. */
  readonly output: string;
  readonly errors: string;
}

export interface InsideOptions {
  readonly host: Host;
  /** Folder of the programs, as the host sees it. */
  readonly programs: string;
  /** Where scripts start. */
  readonly cwd: string;
  /** Takes what happened, for people. */
  readonly observed: string[];
}

/** Everything that is done to the machine of a case. */
export class Inside {
  readonly host: Host;
  private readonly options: InsideOptions;
  private hasSettings = false;

  constructor(options: InsideOptions) {
    this.host = options.host;
    this.options = options;
    fs.mkdirSync(this.at(notes), { recursive: true });
  }

  /** Lays out the state tree: files, or a folder of this machine. */
  layOut(tree: Readonly<Record<string, string | Uint8Array>> | string): void {
    // A copy of this machine may hold what another has left there.
    fs.rmSync(this.at(stateTree), { recursive: true, force: true });
    fs.mkdirSync(this.at(stateTree), { recursive: true });
    if (typeof tree === 'string') {
      fs.cpSync(tree, this.at(stateTree), { recursive: true, verbatimSymlinks: true });
      return;
    }
    for (const [path, content] of Object.entries(tree)) {
      fs.mkdirSync(dirname(this.at(join(stateTree, path))), { recursive: true });
      fs.writeFileSync(this.at(join(stateTree, path)), content);
    }
  }

  /** Gives it settings: the text of a file. */
  settings(text: string): void {
    fs.writeFileSync(this.at(`${notes}/settings.yaml`), text);
    this.hasSettings = true;
  }

  async bash(what: string, script: string, limitS: number): Promise<Told> {
    const told = await this.run(what, ['bash', '-c', script], { cwd: this.options.cwd, limitS, merged: true });
    this.options.observed.push(`${what} (exit ${told.code}):\n${told.output}`);
    return told;
  }

  async apply(
    what: string,
    { test, refs }: { readonly test: boolean; readonly refs: readonly string[] },
  ): Promise<Run> {
    const argv = [
      ...[`${this.options.programs}/zester-peel`, 'apply', '--local', ...refs],
      ...['--states', stateTree, '--data', `${notes}/data`, '--id', this.host.name],
      ...(this.hasSettings ? ['--settings', `${notes}/settings.yaml`] : []),
      ...(test ? ['--test'] : []),
      '--json',
    ];
    const { code, output, errors } = await this.run(what, argv, { cwd: '/', limitS: runLimitS, merged: false });
    const run = runOf({ code, output, errors });
    this.options.observed.push(`${what} (exit ${code}):\n${run.text}`);
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
    const env = {
      TREE: stateTree,
      PATH: `${this.options.programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    };
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

  /** A path of the host, as this process sees it. */
  at(path: string): string {
    return join(this.host.root, path);
  }
}
