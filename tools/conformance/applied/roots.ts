import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { throwAwayHost } from '../../../test/hosts/host.ts';
import { debianTree, mirror } from '../../../test/hosts/tree.ts';

/** How the machines are made that the cases start from. */
const Roots = z.object({
  // biome-ignore lint/suspicious/noThenProperty: the word of the file
  base: z.object({ include: z.array(z.string()), then: z.array(z.string()) }),
  tools: z.object({ setup: z.array(z.string()) }),
});
type Roots = z.output<typeof Roots>;

/**
 * Their folders, built when they are not there yet. Hosts have no network: `packages` of the mirror are downloaded into
 * the plain one, for cases that install them.
 */
export async function machineRoots(
  path: string,
  { packages }: { readonly packages: readonly string[] },
): Promise<{ readonly base: string; readonly tools: string }> {
  const roots = Roots.parse(JSON.parse(readFileSync(path, 'utf8')));
  // What the second one needs from a mirror is in the first build of it: hosts have no network.
  const [installing = '', ...steps] = roots.tools.setup;
  const more = /apt-get install -y ([a-z0-9 .+-]+)/.exec(installing)?.[1]?.trim().split(' ') ?? [];
  return {
    base: await debianTree({
      packages: roots.base.include,
      key: ['base', roots.base.then, packages],
      prepare(tree) {
        finishing(roots)(tree);
        download(tree, packages);
      },
    }),
    tools: await debianTree({
      packages: [...roots.base.include, ...more],
      key: ['tools', roots],
      async prepare(tree) {
        finishing(roots)(tree);
        await worked(tree, steps);
      },
    }),
  };
}

function finishing({ base }: Roots): (tree: string) => void {
  return (tree) => {
    // A proxy for packages is the business of whoever recorded.
    const lines = base.then.filter((line) => !line.includes('Acquire::http::Proxy'));
    for (const line of lines) {
      execFileSync('chroot', [tree, 'bash', '-c', line.replaceAll('MIRROR', mirror() ?? '')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
  };
}

/** Fetches the lists of the mirror and, one by one since it may offer some no more, packages with all they need. */
function download(tree: string, packages: readonly string[]): void {
  if (packages.length === 0) return;
  const resolver = join(tree, 'etc/resolv.conf');
  const before = readFileSync(resolver);
  const script = 'apt-get update; for each in "$@"; do apt-get install --yes --download-only "$each"; done; true';
  writeFileSync(resolver, readFileSync('/etc/resolv.conf'));
  execFileSync('chroot', [tree, 'bash', '-c', script, 'bash', ...packages], { stdio: 'ignore' });
  writeFileSync(resolver, before);
}

/** Does steps in a booted machine, and keeps what they left. */
async function worked(tree: string, steps: readonly string[]): Promise<void> {
  const result = mkdtempSync(`${tree}-worked-`);
  try {
    await using host = await throwAwayHost({ name: 'gold', systemd: true, tree });
    for (const step of steps) {
      const { code, stderr } = await host.run(['bash', '-c', step]);
      if (code !== 0) throw new Error(`Cannot make a machine to start from: ${step.slice(0, 100)}: ${stderr.trim()}`);
    }
    execFileSync('cp', ['-a', '--one-file-system', `${host.root}/.`, result], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    rmSync(result, { recursive: true, force: true });
    throw error;
  }
  // Every machine makes its own at boot.
  writeFileSync(join(result, 'etc/machine-id'), '');
  rmSync(tree, { recursive: true });
  renameSync(result, tree);
}

export function checkoutOf(folder: string, repo: string): string | undefined {
  const [, name = repo] = repo.split('/');
  return [name, name.replace(/-formula$/, ''), repo].map((each) => join(folder, each)).find(existsSync);
}
