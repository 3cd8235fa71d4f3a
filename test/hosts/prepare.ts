import { execFileSync } from 'node:child_process';
import { notBuilt, type Probe, probe } from './probe.ts';
import { onPath } from './programs.ts';
import { debianTree, hasTree } from './tree.ts';

/** Program → the Debian package that brings it. */
const needed: Readonly<Record<string, string>> = { unshare: 'util-linux', ip: 'iproute2', mmdebstrap: 'mmdebstrap' };

/**
 * Makes ready what throw-away hosts need: installs their tools where this is root on a Debian, and builds the tree of
 * those with systemd. What cannot be had, for want of a network or of rights, is the reason in what it gives back; it is
 * no error.
 */
export async function prepareHosts(say: (text: string) => void): Promise<Probe> {
  const missing = Object.keys(needed).filter((program) => !onPath(program) && !(program === 'mmdebstrap' && hasTree()));
  if (missing.length > 0 && process.getuid?.() === 0 && onPath('apt-get')) {
    const packages = missing.map((program) => needed[program] ?? program);
    say(`Installing what hosts need: ${packages.join(', ')}`);
    const why = installing(packages);
    if (why !== undefined) say(`apt-get cannot install them: ${why}`);
  }
  const can = probe({ again: true });
  if (can.systemd !== notBuilt) return can;
  say('Building a Debian for hosts with systemd; this is done once');
  try {
    await debianTree();
  } catch (error) {
    return { ...can, systemd: error instanceof Error ? error.message.trim() : String(error) };
  }
  return probe({ again: true });
}

/** Why the packages could not be installed. Lists may never have been fetched, or be too old for what they name. */
function installing(packages: readonly string[]): string | undefined {
  const install = ['install', '--quiet', '--yes', '--no-install-recommends', ...packages];
  if (aptGet(install) === undefined) return undefined;
  return aptGet(['update', '--quiet']) ?? aptGet(install);
}

function aptGet(args: readonly string[]): string | undefined {
  try {
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    });
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return said.split('\n')[0] || String(error);
  }
}
