import { aptPackages } from './apt.ts';
import { captured, done, failed, table } from './table.ts';

const dpkg = `dpkg-query --show --showformat \${Package}\\t\${Architecture}\\t\${Version}\\t\${db:Status-Status}\\t\${Provides}\\n`;
const apt =
  'apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';

table('apt', (tools) => aptPackages(tools, async () => {}), [
  {
    title: 'installed packages by name',
    given: {
      [`${dpkg} bash mawk zt-none libc6`]: { code: 1, stdout: captured('apt/dpkg-query.debian-12.txt') },
      [dpkg]: done,
    },
    call: (packages) => packages.installed(['bash', 'mawk', 'zt-none', 'libc6']),
    expect: { bash: '5.2.15-2+b8', mawk: '1.3.4.20200120-3.1', libc6: '2.36-9+deb12u14' },
  },
  {
    title: 'a virtual package has the version of what provides it',
    given: { [`${dpkg} awk`]: { code: 1 }, [dpkg]: { stdout: captured('apt/dpkg-query.debian-12.txt') } },
    call: (packages) => packages.installed(['awk']),
    expect: { awk: '1.3.4.20200120-3.1' },
  },
  {
    title: 'a second architecture has a name of its own',
    given: {
      [dpkg]: {
        stdout: 'libc6\tamd64\t2.36\tinstalled\t\nlibc6\ti386\t2.36\tinstalled\t\nold\tall\t1\tconfig-files\t\n',
      },
    },
    call: (packages) => packages.installed(),
    expect: { libc6: '2.36', 'libc6:i386': '2.36' },
  },
  {
    title: 'a database that cannot be read is no empty database',
    given: { [`${dpkg} bash`]: { code: 2, stderr: 'dpkg-query: error: cannot open' } },
    call: (packages) => packages.installed(['bash']),
    refusal: 'PACKAGE_FAILED',
  },
  {
    title: 'what repositories offer, but not what is only installed',
    given: {
      'apt-cache policy bash nginx zt-none mail-transport-agent': { stdout: captured('apt/policy.debian-12.txt') },
    },
    call: (packages) => packages.available(['bash', 'nginx', 'zt-none', 'mail-transport-agent']),
    expect: { bash: '5.2.15-2+b13', nginx: '1.22.1-9+deb12u10' },
  },
  {
    title: 'a package of which no repository knows any more is not offered',
    given: {
      'apt-cache policy gone': {
        stdout:
          'gone:\n  Installed: 1.0\n  Candidate: 1.0\n  Version table:\n *** 1.0 100\n        100 /var/lib/dpkg/status\n',
      },
    },
    call: (packages) => packages.available(['gone']),
    expect: {},
  },
  {
    title: 'upgrades, without the new packages they bring',
    given: {
      'apt-get -q --simulate --with-new-pkgs upgrade': { stdout: captured('apt/simulate-upgrade.debian-12.txt') },
    },
    call: (packages) => packages.upgrades(),
    expect: { 'zt-other': '1.1', 'zt-plain': '2.0' },
  },
  {
    title: 'one transaction with pins and files',
    given: { [`${apt} --allow-downgrades install nginx curl=8.0 /srv/x.deb`]: done },
    call: (packages) =>
      packages.install([{ name: 'nginx' }, { name: 'curl', version: '8.0' }, { name: 'x', file: '/srv/x.deb' }]),
  },
  {
    title: 'a lock that apt does not wait for is waited for',
    given: {
      [`${apt} update`]: {
        ...failed('apt/locked.debian-12.txt', 100),
        after: { commands: { [`${apt} update`]: done } },
      },
    },
    call: (packages) => packages.refresh(),
    runs: [`${apt} update`, `${apt} update`],
  },
  {
    title: 'an interrupted installation is finished before the next',
    given: {
      [`${apt} --allow-downgrades install nginx`]: {
        ...failed('apt/interrupted.debian-12.txt', 100),
        after: { commands: { [`${apt} --allow-downgrades install nginx`]: done } },
      },
      'dpkg --configure -a --force-confdef --force-confold': done,
    },
    call: (packages) => packages.install([{ name: 'nginx' }]),
    runs: [
      `${apt} --allow-downgrades install nginx`,
      'dpkg --configure -a --force-confdef --force-confold',
      `${apt} --allow-downgrades install nginx`,
    ],
  },
  {
    title: 'lists that were never fetched are fetched, once',
    given: {
      [`${apt} --allow-downgrades install zt-none`]: failed('apt/unknown-package.debian-12.txt', 100),
      [`${apt} update`]: done,
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
    runs: [`${apt} --allow-downgrades install zt-none`, `${apt} update`, `${apt} --allow-downgrades install zt-none`],
  },
  {
    title: 'an unknown name',
    given: { [`${apt} --allow-downgrades install zt-none`]: failed('apt/unknown-package.debian-12.txt', 100) },
    files: { '/var/lib/apt/lists/deb.example_Packages': '' },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
  },
  {
    title: 'an unknown version',
    given: { [`${apt} --allow-downgrades install zt-plain=9`]: failed('apt/unknown-version.debian-12.txt', 100) },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '9' }]),
    refusal: 'PACKAGE_VERSION_UNKNOWN',
  },
  {
    title: 'a held package stays',
    given: { [`${apt} --allow-downgrades install zt-plain=2.0`]: failed('apt/held.debian-12.txt', 100) },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '2.0' }]),
    refusal: 'PACKAGE_HELD',
  },
  {
    title: 'a full disk',
    given: {
      [`${apt} --allow-downgrades install big`]: {
        code: 100,
        stderr: "E: You don't have enough free space in /var/cache/apt/archives/.\n",
      },
    },
    call: (packages) => packages.install([{ name: 'big' }]),
    refusal: 'DISK_FULL',
  },
  {
    title: 'only what is there is removed',
    given: {
      [`${dpkg} zt-plain zt-conf`]: { stdout: captured('apt/dpkg-query-removed.debian-12.txt') },
      [`${apt} remove zt-plain`]: done,
    },
    call: (packages) => packages.remove(['zt-plain', 'zt-conf']),
  },
  {
    title: 'a purge takes what an earlier removal left',
    given: {
      [`${dpkg} zt-conf`]: { stdout: 'zt-conf\tall\t1.0\tconfig-files\t\n' },
      [`${apt} purge zt-conf`]: done,
    },
    call: (packages) => packages.remove(['zt-conf'], { purge: true }),
  },
  {
    title: 'remnants of a removal',
    given: { [`${dpkg} zt-plain zt-conf`]: { stdout: captured('apt/dpkg-query-removed.debian-12.txt') } },
    call: (packages) => packages.remnants(['zt-plain', 'zt-conf']),
    expect: ['zt-conf'],
  },
  {
    title: 'held packages',
    given: { 'apt-mark showhold': { stdout: captured('apt/showhold.debian-12.txt') } },
    call: (packages) => packages.held(),
    expect: ['zt-plain'],
  },
  { title: 'holding', given: { 'apt-mark hold a b': done }, call: (packages) => packages.hold(['a', 'b']) },
  { title: 'releasing', given: { 'apt-mark unhold a': done }, call: (packages) => packages.release(['a']) },
  { title: 'an upgrade', given: { [`${apt} --with-new-pkgs upgrade`]: done }, call: (packages) => packages.upgrade() },
]);
