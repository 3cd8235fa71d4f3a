import { plantDirectory, type Tree } from '../files/memory.ts';
import type { GivenSystem } from '../given.ts';
import type { Files, System } from '../machine.ts';
import { linuxSystem } from '../system.ts';

export interface FakeSystem {
  /** The real reader of `/proc` and the like, on the fake's files: captured files are what examples give. */
  port(files: Files): System;
}

/** Files of a small Debian 12 with one processor, as its kernel and `base-files` write them. */
export const baseFiles: Readonly<Record<string, string>> = {
  '/etc/hostname': 'fake\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n127.0.1.1\tfake.example.com\tfake\n',
  '/etc/os-release': [
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
    'NAME="Debian GNU/Linux"',
    'VERSION_ID="12"',
    'VERSION="12 (bookworm)"',
    'VERSION_CODENAME=bookworm',
    'ID=debian',
    '',
  ].join('\n'),
  '/proc/uptime': '3600.00 3500.00\n',
  '/proc/loadavg': '0.10 0.20 0.30 1/93 1000\n',
  '/proc/cpuinfo': 'processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Fake CPU\ncpu MHz\t\t: 2000.000\n',
  '/proc/meminfo': [
    'MemTotal:        1048576 kB',
    'MemFree:          524288 kB',
    'MemAvailable:     786432 kB',
    'SwapTotal:             0 kB',
    'SwapFree:              0 kB',
    '',
  ].join('\n'),
  '/proc/self/mounts': '/dev/vda / ext4 rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n',
};

const loopback = { name: 'lo', mac: '00:00:00:00:00:00', up: true, addresses: ['127.0.0.1/8', '::1/128'] };

export function fakeSystem(given: GivenSystem, tree: Tree): FakeSystem {
  const kernel = given.kernel ?? { name: 'Linux', release: '6.1.0-18-amd64', arch: 'x86_64' };
  const interfaces = given.interfaces ?? [loopback];
  for (const { name, mac = '02:00:00:00:00:01', up = true } of interfaces) {
    const folder = `/sys/class/net/${name}`;
    plantDirectory(tree, folder);
    plantText(tree, `${folder}/address`, `${mac}\n`);
    plantText(tree, `${folder}/flags`, up ? '0x1003\n' : '0x1002\n');
  }
  return {
    port: (files) =>
      linuxSystem(files, {
        hostname: () => given.hostname ?? hostnameFile(tree),
        kernel: () => kernel,
        addresses: () => new Map(interfaces.map(({ name, addresses }) => [name, addresses])),
        async space(mountpoint) {
          const { total, free } = given.filesystems?.[mountpoint] ?? { total: 10_000_000_000, free: 4_000_000_000 };
          return { total, used: total - free, free };
        },
      }),
  };
}

function plantText(tree: Tree, path: string, text: string): void {
  tree.set(path, { kind: 'file', content: new TextEncoder().encode(text), mode: 0o444, uid: 0, gid: 0 });
}

function hostnameFile(tree: Tree): string {
  const node = tree.get('/etc/hostname');
  return node?.kind === 'file' ? new TextDecoder().decode(node.content).trim() : 'fake';
}
