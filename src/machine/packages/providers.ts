import type { Packages } from '../machine.ts';
import type { Provider } from '../provider.ts';

/**
 * Tools in the order they are asked for. The family decides where a machine has several: Debian ships dnf and zypper
 * too, for making images of other distributions.
 */
export const packageProviders: readonly Provider<Packages>[] = [
  {
    name: 'apt',
    suits: ({ family, has }) => is(family, 'debian') && has('apt-get') && has('dpkg-query'),
    load: async () => (await import('./apt.ts')).aptPackages,
  },
  {
    name: 'zypper',
    suits: ({ family, has }) => is(family, 'suse') && has('zypper') && has('rpm'),
    load: async () => (await import('./zypper.ts')).zypperPackages,
  },
  {
    name: 'dnf',
    suits: ({ family, has }) => is(family, 'rhel') && has('rpm') && (has('dnf') || has('dnf5') || has('yum')),
    load: async () => (await import('./dnf.ts')).dnfPackages,
  },
  {
    name: 'apk',
    suits: ({ family, has }) => is(family, 'alpine') && has('apk'),
    load: async () => (await import('./apk.ts')).apkPackages,
  },
  {
    name: 'pacman',
    suits: ({ family, has }) => is(family, 'arch') && has('pacman'),
    load: async () => (await import('./pacman.ts')).pacmanPackages,
  },
];

/** An unknown family may have any tool. */
function is(family: string, wanted: string): boolean {
  return family === wanted || !['debian', 'rhel', 'suse', 'alpine', 'arch'].includes(family);
}
