import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeMachine } from '#machine/fake.ts';
import { collectFacts } from './collect.ts';
import { saltGrains } from './grains.ts';

/** `/etc/os-release` of a distribution → the grains Salt 3006 has there. */
const distributions: readonly { readonly release: string; readonly grains: Readonly<Record<string, unknown>> }[] = [
  {
    release:
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
    grains: {
      os: 'Debian',
      os_family: 'Debian',
      osfinger: 'Debian-12',
      osrelease: '12',
      osmajorrelease: 12,
      osrelease_info: [12],
      oscodename: 'bookworm',
      osfullname: 'Debian GNU/Linux',
      osarch: 'amd64',
      lsb_distrib_codename: 'bookworm',
    },
  },
  {
    release:
      'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.4 LTS (Jammy Jellyfish)"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\n',
    grains: {
      os: 'Ubuntu',
      os_family: 'Debian',
      osfinger: 'Ubuntu-22.04',
      osrelease: '22.04',
      osmajorrelease: 22,
      osrelease_info: [22, 4],
      oscodename: 'jammy',
      osfullname: 'Ubuntu',
      osarch: 'amd64',
      lsb_distrib_codename: 'jammy',
    },
  },
  {
    release:
      'NAME="Rocky Linux"\nVERSION="9.3 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\nPRETTY_NAME="Rocky Linux 9.3 (Blue Onyx)"\n',
    grains: {
      os: 'Rocky',
      os_family: 'RedHat',
      osfinger: 'Rocky Linux-9',
      osrelease: '9.3',
      osmajorrelease: 9,
      osrelease_info: [9, 3],
      oscodename: 'Blue Onyx',
      osfullname: 'Rocky Linux',
      osarch: 'x86_64',
      lsb_distrib_codename: 'Rocky Linux 9.3 (Blue Onyx)',
    },
  },
  {
    release:
      'NAME="openSUSE Leap"\nVERSION="15.5"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.5"\nPRETTY_NAME="openSUSE Leap 15.5"\n',
    grains: {
      os: 'SUSE',
      os_family: 'Suse',
      osfinger: 'Leap-15',
      osrelease: '15.5',
      osmajorrelease: 15,
      osrelease_info: [15, 5],
      oscodename: 'openSUSE Leap 15.5',
      osfullname: 'Leap',
      osarch: 'x86_64',
      lsb_distrib_codename: 'openSUSE Leap 15.5',
    },
  },
  {
    release: 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
    grains: {
      os: 'Arch',
      os_family: 'Arch',
      osfinger: 'Arch Linux',
      osrelease: 'rolling',
      osmajorrelease: 0,
      osrelease_info: [0],
      oscodename: 'Arch Linux',
      osfullname: 'Arch Linux',
      osarch: 'x86_64',
    },
  },
  {
    release: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n',
    grains: { os: 'Alpine', os_family: 'Alpine', osfinger: 'Alpine Linux-3', osrelease: '3.19.1', osmajorrelease: 3 },
  },
];

for (const { release, grains } of distributions) {
  test(`${String(grains.osfinger)} has the grains Salt gives it`, async () => {
    const { facts } = await collectFacts(fakeMachine({ files: { '/etc/os-release': release } }), ['identity']);

    const found = saltGrains(facts);

    assert.deepEqual(Object.fromEntries(Object.keys(grains).map((key) => [key, found[key]])), grains);
  });
}

test('a machine on a network has Salt’s names for its addresses', async () => {
  const interfaces = [
    { name: 'lo', mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8', '::1/128'] },
    { name: 'eth0', mac: '52:54:00:12:34:56', addresses: ['10.0.0.11/24'] },
  ];
  const machine = fakeMachine({
    system: { hostname: 'web01', interfaces },
    files: {
      '/etc/hosts': '10.0.0.11 web01.example.com web01\n',
      '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu aes\n',
      '/proc/net/route': 'Iface\tDestination\tGateway\neth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n',
      '/run/systemd/system': { directory: true },
      '/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so': '',
    },
  });

  const grains = saltGrains({ ...(await collectFacts(machine)).facts, id: 'web01.example.com' }, { master: 'zester' });

  const expected = {
    id: 'web01.example.com',
    fqdn: 'web01.example.com',
    host: 'web01',
    domain: 'example.com',
    ip4_interfaces: { lo: ['127.0.0.1'], eth0: ['10.0.0.11'] },
    ip6_interfaces: { lo: ['::1'], eth0: [] },
    ipv4: ['10.0.0.11', '127.0.0.1'],
    ipv6: ['::1'],
    fqdn_ip4: ['10.0.0.11'],
    hwaddr_interfaces: { lo: '00:00:00:00:00:00', eth0: '52:54:00:12:34:56' },
    fqdns: ['web01.example.com'],
    ip4_gw: '10.0.0.1',
    ip_gw: true,
    master: 'zester',
    systemd: { version: '252' },
    num_cpus: 1,
    cpu_flags: ['fpu', 'aes'],
    mem_total: 1024,
    kernel: 'Linux',
    virtual: 'physical',
    saltversioninfo: [3006, 0],
    selinux: { enabled: false, enforced: 'Disabled' },
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, grains[key]])), expected);
  assert.equal(typeof grains.server_id, 'number');
});
