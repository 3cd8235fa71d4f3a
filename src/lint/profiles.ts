import { saltGrains } from '#facts/grains.ts';

/** A machine that a tree is judged for: its facts, and the same in the shape Salt's users know. */
export interface Profile {
  readonly name: string;
  readonly id: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly grains: Readonly<Record<string, unknown>>;
  /** Whether these are all its facts: a sample has none that an administrator wrote. */
  readonly isComplete: boolean;
}

interface System {
  readonly family: string;
  readonly platform: string;
  readonly version: string;
  readonly codename?: string;
  readonly fullName: string;
  readonly prettyName: string;
  readonly kernel: string;
  readonly init?: string;
  readonly selinux?: boolean;
}

const systems: Readonly<Record<string, System>> = {
  debian: {
    family: 'debian',
    platform: 'debian',
    version: '12',
    codename: 'bookworm',
    fullName: 'Debian GNU/Linux',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0-18-amd64',
  },
  ubuntu: {
    family: 'debian',
    platform: 'ubuntu',
    version: '22.04',
    codename: 'jammy',
    fullName: 'Ubuntu',
    prettyName: 'Ubuntu 22.04.4 LTS',
    kernel: '5.15.0-101-generic',
  },
  rocky: {
    family: 'rhel',
    platform: 'rocky',
    version: '9.3',
    codename: 'Blue Onyx',
    fullName: 'Rocky Linux',
    prettyName: 'Rocky Linux 9.3 (Blue Onyx)',
    kernel: '5.14.0-362.el9.x86_64',
    selinux: true,
  },
  suse: {
    family: 'suse',
    platform: 'opensuse-leap',
    version: '15.5',
    fullName: 'openSUSE Leap',
    prettyName: 'openSUSE Leap 15.5',
    kernel: '5.14.21-150500.55.52-default',
  },
  alpine: {
    family: 'alpine',
    platform: 'alpine',
    version: '3.19.1',
    fullName: 'Alpine Linux',
    prettyName: 'Alpine Linux v3.19',
    kernel: '6.6.16-0-virt',
    init: 'openrc',
  },
  arch: {
    family: 'arch',
    platform: 'arch',
    version: 'rolling',
    fullName: 'Arch Linux',
    prettyName: 'Arch Linux',
    kernel: '6.8.1-arch1-1',
  },
};

/** One machine of each family of distributions, so that what is written for one of them is seen. */
export const profiles: readonly Profile[] = Object.entries(systems).map(([name, system]) =>
  profileOf(name, factsOf(name, system), { isComplete: false }),
);

/** A machine with the given facts; its id is theirs, when they hold one. */
export function profileOf(name: string, facts: Readonly<Record<string, unknown>>, { isComplete = true } = {}): Profile {
  const id = typeof facts.id === 'string' ? facts.id : `${name}.example.com`;
  return { name, id, facts: { ...facts, id }, grains: saltGrains({ ...facts, id }, { master: 'salt' }), isComplete };
}

function factsOf(name: string, system: System): Readonly<Record<string, unknown>> {
  const { family, platform, version, codename = '', fullName, prettyName, kernel, init = 'systemd' } = system;
  const fqdn = `${name}.example.com`;
  const gibibyte = 1024 ** 3;
  return {
    os: {
      name: 'linux',
      family,
      platform,
      platform_version: version,
      codename,
      full_name: fullName,
      pretty_name: prettyName,
      arch: 'amd64',
      kernel,
      kernel_arch: 'x86_64',
      init,
      uptime: 86_400,
      boot_time: 1_700_000_000,
    },
    cpu: {
      count: 2,
      logical_count: 2,
      physical_count: 2,
      model: 'Intel(R) Xeon(R) Processor',
      vendor: 'GenuineIntel',
      mhz: 2_300,
      cache_size: 266_240,
    },
    memory: { total: 4 * gibibyte, swap_total: gibibyte, available: 3 * gibibyte, free: 2 * gibibyte, used: gibibyte },
    load: [0, 0, 0],
    network: {
      hostname: name,
      fqdn,
      domain: 'example.com',
      ipv4: ['192.0.2.10'],
      ipv6: ['2001:db8::10'],
      nameservers: ['192.0.2.1'],
      interfaces: [
        { name: 'lo', mac: '00:00:00:00:00:00', flags: ['up', 'loopback'], addrs: ['127.0.0.1/8', '::1/128'] },
        { name: 'eth0', mac: '52:54:00:00:00:10', flags: ['up'], addrs: ['192.0.2.10/24', '2001:db8::10/64'] },
      ],
    },
    default_ipv4: '192.0.2.10',
    disk: {
      mounts: [{ device: '/dev/vda1', mountpoint: '/', fstype: 'ext4', opts: ['rw'], total: 40 * gibibyte, used: 0 }],
    },
    hardware: {
      vendor: 'QEMU',
      product: 'Standard PC (Q35 + ICH9, 2009)',
      bios_version: '1.16.2',
      machine_id: '00000000000000000000000000000010',
      virtual: 'kvm',
      virtual_subtype: '',
    },
    selinux: { enabled: system.selinux ?? false, enforced: system.selinux ? 'Enforcing' : 'Disabled' },
  };
}
