import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from '#engine/engine.ts';
import { contextOn } from '#kit/check-example.ts';
import { realMachine } from '#machine/real.ts';
import { registry } from '#modules/registry.ts';
import type { Outcome } from '#wire/outcome.ts';
import { treeOf } from '../../cases/trees.ts';
import type { Attack } from '../attack.ts';

/** A local user without any rights: everything in `home` is that user's. */
export const enemy = 65_534;

export const secret = 'for root alone\n';

/**
 * A machine with an enemy on it: `home` is the enemy's, `vault/secret` and `cron.d` are root's. Its states are the real
 * ones, applied by the engine to real files.
 */
export class Ground implements AsyncDisposable {
  readonly #root: string;
  readonly #machine: ReturnType<typeof realMachine>;
  /** Before all paths of the machine: empty where the folder is its root. */
  readonly #prefix: string;

  private constructor(root: string, isRoot: boolean) {
    this.#root = root;
    this.#prefix = isRoot ? '' : root;
    this.#machine = realMachine(isRoot ? { root } : {});
  }

  /** With `isRoot` the folder stands for `/`. */
  static async lay({ isRoot = false } = {}): Promise<Ground> {
    assert.equal(process.getuid?.(), 0, 'only root can play both sides');
    const root = await fs.mkdtemp(join(tmpdir(), 'zester-ground-'));
    await fs.chmod(root, 0o755);
    for (const each of ['vault', 'cron.d', 'etc', 'srv']) await fs.mkdir(join(root, each));
    await fs.writeFile(join(root, 'vault/secret'), secret, { mode: 0o600 });
    await fs.writeFile(join(root, 'etc/passwd'), `root:x:0:0::/root:/bin/sh\nnobody:x:${enemy}:${enemy}::/:/bin/sh\n`);
    await fs.writeFile(join(root, 'etc/group'), `root:x:0:\nnogroup:x:${enemy}:\n`);
    const ground = new Ground(root, isRoot);
    await ground.plantDirectory('home');
    return ground;
  }

  /** A path as states write it. */
  path(name: string): string {
    return `${this.#prefix}/${name}`;
  }

  /** The same on the disk. */
  place(name: string): string {
    return join(this.#root, name);
  }

  async plantDirectory(name: string): Promise<void> {
    await fs.mkdir(this.place(name));
    await fs.chown(this.place(name), enemy, enemy);
  }

  async plantFile(name: string, content: string, mode = 0o644): Promise<void> {
    await fs.writeFile(this.place(name), content);
    await fs.chown(this.place(name), enemy, enemy);
    await fs.chmod(this.place(name), mode);
  }

  /** `to` is a path of the machine. */
  async plantLink(name: string, to: string): Promise<void> {
    await fs.symlink(this.path(to), this.place(name));
    await fs.lchown(this.place(name), enemy, enemy);
  }

  async plantHardLink(name: string, to: string): Promise<void> {
    await fs.link(this.place(to), this.place(name));
  }

  async plantPipe(name: string): Promise<void> {
    await finished(spawn('mkfifo', [this.place(name)]));
    await fs.chown(this.place(name), enemy, enemy);
  }

  /** The outcome of one state, as a job would report it. */
  async apply(state: string, args: Readonly<Record<string, unknown>>, tree: Readonly<Record<string, string>> = {}) {
    const engine = createEngine({ registry, tree: treeOf(tree) });
    const scope = { id: 'web-01', facts: {}, settings: {} };
    const report = await engine.single(state, args, { scope, machine: this.#machine }).report();
    return report.outcomes[0] as Outcome;
  }

  /** Applies a state that must refuse, for one of these reasons, and say whose the thing is. */
  async refuses(
    codes: readonly string[],
    state: string,
    args: Readonly<Record<string, unknown>>,
    tree = {},
  ): Promise<void> {
    const { result, error } = await this.apply(state, args, tree);
    const told = `${state} ${JSON.stringify(args)}: ${result} ${error?.code} ${error?.message}`;
    assert.equal(result, 'failed', told);
    assert.ok(codes.includes(error?.code ?? ''), told);
    if (error?.code !== 'FILE_SPECIAL') assert.match(error?.message ?? '', /nobody \(65534\)|everybody/, told);
    await this.untouched();
  }

  /** What a function answers, or the code of its refusal. */
  async call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    try {
      return await contextOn(this.#machine, { registry }).call(name, args);
    } catch (error) {
      return (error as { readonly code?: string }).code;
    }
  }

  /** What is root's is as it was, and nothing came into it. */
  async untouched(): Promise<void> {
    assert.deepEqual(await this.#told('vault/secret'), ['600', 0, 0, hash(secret)], 'the secret');
    assert.deepEqual(await fs.readdir(this.place('vault')), ['secret'], 'the vault');
    assert.deepEqual(await fs.readdir(this.place('cron.d')), [], 'cron.d');
    for (const each of ['vault', 'cron.d']) {
      const { mode, uid, gid } = await fs.stat(this.place(each));
      assert.deepEqual([(mode & 0o7777).toString(8), uid, gid], ['755', 0, 0], each);
    }
  }

  /** No file that somebody else may read holds the secret. */
  async undisclosed(): Promise<void> {
    for (const path of await fs.readdir(this.#root, { recursive: true })) {
      const stat = await fs.lstat(this.place(path));
      if (!stat.isFile() || (stat.mode & 0o077) === 0) continue;
      assert.notEqual(await fs.readFile(this.place(path), 'utf8'), secret, `${path} discloses the secret`);
    }
  }

  async #told(name: string) {
    const { mode, uid, gid } = await fs.stat(this.place(name));
    return [(mode & 0o7777).toString(8), uid, gid, hash(await fs.readFile(this.place(name), 'utf8'))];
  }

  /** Somebody at work beside us: see `racer.ts`. It runs until it is disposed of, or for half a minute. */
  async race(kind: 'flip' | 'catch', ...names: readonly string[]): Promise<AsyncDisposable> {
    const script = fileURLToPath(new URL('racer.ts', import.meta.url));
    const child = spawn(process.execPath, [script, kind, ...names.map((name) => this.place(name))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const over = finished(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return {
      async [Symbol.asyncDispose]() {
        child.stdin?.end();
        await over;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await fs.rm(this.#root, { recursive: true, force: true });
  }
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An attack on a ground of its own, on which nothing of root's may have changed in the end. */
export function local(
  name: string,
  play: (ground: Ground) => Promise<void>,
  options: { readonly isRoot?: boolean } = {},
): Attack {
  return {
    promise: 'A6',
    name,
    quick: true,
    async run() {
      await using ground = await Ground.lay(options);
      await play(ground);
      await ground.untouched();
    },
  };
}
