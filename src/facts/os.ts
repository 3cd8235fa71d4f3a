import { fact } from '#kit/fact.ts';
import { familyOf } from '#machine/family.ts';
import type { Machine } from '#machine/machine.ts';
import { textOf } from './text.ts';

/** Names of architectures as package repositories know them. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i686: '386',
  i386: '386',
};

export const os = fact({
  name: 'os',
  summary: 'The operating system: kernel, distribution and init system',
  returns:
    '`os`: name (`linux`), family (`debian`, `rhel`, `suse`, `alpine`, `arch`), platform (`ubuntu`), platform_version, ' +
    'codename, full_name, pretty_name, arch (`amd64`), kernel, kernel_arch (`x86_64`), init (`systemd`, `openrc`, `sysvinit`), init_version (of systemd)',
  kind: 'identity',
  async read(machine) {
    const [release, kernel] = [await machine.system.release(), await machine.system.kernel()];
    const { ID = '', NAME = '', VERSION = '', PRETTY_NAME = NAME } = release;
    return {
      os: {
        name: kernel.name.toLowerCase(),
        family: familyOf(release),
        platform: ID,
        platform_version: release.VERSION_ID ?? release.BUILD_ID ?? '',
        // Red Hat's names stand in parentheses behind the version.
        codename: release.VERSION_CODENAME ?? /\(([^)]+)\)/.exec(VERSION)?.[1] ?? '',
        full_name: NAME,
        pretty_name: PRETTY_NAME,
        arch: architectures[kernel.arch] ?? kernel.arch,
        kernel: kernel.release,
        kernel_arch: kernel.arch,
        ...(await initOf(machine, kernel.arch)),
      },
    };
  },
  examples: [
    {
      title: 'Debian 12 with systemd',
      given: { files: { '/run/systemd/system': { directory: true } } },
      expect: {
        os: {
          name: 'linux',
          family: 'debian',
          platform: 'debian',
          platform_version: '12',
          codename: 'bookworm',
          full_name: 'Debian GNU/Linux',
          pretty_name: 'Debian GNU/Linux 12 (bookworm)',
          arch: 'amd64',
          kernel: '6.1.0-18-amd64',
          kernel_arch: 'x86_64',
          init: 'systemd',
        },
      },
    },
    {
      title: 'Rocky Linux 9 on ARM, whose codename stands in the version',
      given: {
        files: {
          '/etc/os-release':
            'NAME="Rocky Linux"\nVERSION="9.3 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\nPRETTY_NAME="Rocky Linux 9.3 (Blue Onyx)"\n',
          '/run/systemd/system': { directory: true },
          '/usr/lib/systemd/libsystemd-shared-252-18.el9.so': '',
        },
        system: { kernel: { name: 'Linux', release: '5.14.0-362.el9.aarch64', arch: 'aarch64' } },
      },
      expect: {
        os: {
          name: 'linux',
          family: 'rhel',
          platform: 'rocky',
          platform_version: '9.3',
          codename: 'Blue Onyx',
          full_name: 'Rocky Linux',
          pretty_name: 'Rocky Linux 9.3 (Blue Onyx)',
          arch: 'arm64',
          kernel: '5.14.0-362.el9.aarch64',
          kernel_arch: 'aarch64',
          init: 'systemd',
          init_version: '252',
        },
      },
    },
    {
      title: 'Alpine in a container without an init system',
      given: {
        files: {
          '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n',
          '/proc/1/comm': 'sh\n',
        },
      },
      expect: {
        os: {
          name: 'linux',
          family: 'alpine',
          platform: 'alpine',
          platform_version: '3.19.1',
          codename: '',
          full_name: 'Alpine Linux',
          pretty_name: 'Alpine Linux v3.19',
          arch: 'amd64',
          kernel: '6.1.0-18-amd64',
          kernel_arch: 'x86_64',
          init: 'unknown',
        },
      },
    },
  ],
});

interface Init {
  readonly init: string;
  readonly init_version?: string;
}

async function initOf(machine: Machine, arch: string): Promise<Init> {
  const { files } = machine;
  if (await files.stat('/run/systemd/system')) return { init: 'systemd', ...(await systemdVersion(machine, arch)) };
  if (await files.stat('/run/openrc')) return { init: 'openrc' };
  const first = (await textOf(files, '/proc/1/comm'))?.trim();
  if (first === 'runit' || first === 's6-svscan') return { init: first };
  return { init: first === 'init' ? 'sysvinit' : 'unknown' };
}

/** The version that its own library carries in its name: asking systemd itself would start a process. */
async function systemdVersion({ files }: Machine, arch: string): Promise<Pick<Init, 'init_version'>> {
  for (const folder of ['/usr/lib/systemd', `/usr/lib/${arch}-linux-gnu/systemd`, '/lib/systemd']) {
    for (const name of (await files.list(folder)) ?? []) {
      const [, version] = /^libsystemd-shared-(\d+)/.exec(name) ?? [];
      if (version !== undefined) return { init_version: version };
    }
  }
  return {};
}
