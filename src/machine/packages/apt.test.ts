import { aptPackages } from './apt.ts';
import { captured, done, failed, table } from './table.ts';

const dpkg = `dpkg-query --show --showformat \${Package}\\t\${Architecture}\\t\${Version}\\t\${db:Status-Status}\\t\${db:Status-Want}\\t\${Provides}\\n`;
const plain = 'apt-get -q -y -o DPkg::Lock::Timeout=300';
const apt = `${plain} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold`;

const describes = `dpkg-deb --show --showformat \${Package}\\t\${Version}\\n`;
const twoArchitectures =
  'libc6\ti386\t2.37\tinstalled\tinstall\t\nlibc6\tamd64\t2.36\tinstalled\tinstall\t\n' +
  'wine32\ti386\t8.0\tinstalled\tinstall\t\nold\tall\t1\tconfig-files\tdeinstall\t\n';

table('apt', (tools) => aptPackages(tools, async () => {}), [
  {
    title: 'installed packages by name',
    given: { [dpkg]: { stdout: captured('apt/dpkg-query.debian-12.txt') } },
    call: (packages) => packages.installed(['bash', 'mawk', 'zt-none', 'libc6']),
    expect: { bash: '5.2.15-2+b8', mawk: '1.3.4.20200120-3.1', libc6: '2.36-9+deb12u14' },
  },
  {
    title: 'a virtual package has the version of what provides it',
    given: { [dpkg]: { stdout: captured('apt/dpkg-query.debian-12.txt') } },
    call: (packages) => packages.installed(['awk']),
    expect: { awk: '1.3.4.20200120-3.1' },
  },
  {
    title: 'a second architecture has a name of its own',
    given: { [dpkg]: { stdout: twoArchitectures } },
    files: { '/var/lib/dpkg/arch': 'amd64\ni386\n' },
    call: (packages) => packages.installed(),
    expect: { libc6: '2.36', 'libc6:i386': '2.37', 'wine32:i386': '8.0' },
  },
  {
    title: 'an architecture is asked for by name',
    given: { [dpkg]: { stdout: twoArchitectures } },
    files: { '/var/lib/dpkg/arch': 'amd64\ni386\n' },
    call: (packages) =>
      packages.installed(['libc6', 'libc6:i386', 'libc6:amd64', 'wine32', 'wine32:any', 'wine32:amd64']),
    expect: { libc6: '2.36', 'libc6:i386': '2.37', 'libc6:amd64': '2.36', 'wine32:any': '8.0' },
  },
  {
    title: 'another architecture than that of a machine with only one is not there',
    given: { [dpkg]: { stdout: captured('apt/dpkg-query.debian-12.txt') } },
    call: (packages) => packages.installed(['libc6:i386', 'libc6:amd64']),
    expect: { 'libc6:amd64': '2.36-9+deb12u14' },
  },
  {
    title: 'holds come with the database',
    given: {
      [dpkg]: {
        stdout: 'b\tamd64\t1\tinstalled\thold\t\na\tall\t1\tinstalled\thold\t\nc\tall\t1\tinstalled\tinstall\t\n',
      },
    },
    call: (packages) => packages.held(),
    expect: ['a', 'b'],
  },
  {
    title: 'a database that cannot be read is no empty database',
    given: { [dpkg]: { code: 2, stderr: 'dpkg-query: error: cannot open' } },
    call: (packages) => packages.installed(['bash']),
    refusal: 'PACKAGE_FAILED',
  },
  {
    title: 'every version that repositories offer, newest first',
    given: { 'apt-cache policy bash nginx mail-transport-agent': { stdout: captured('apt/policy.debian-12.txt') } },
    call: (packages) => packages.versions(['bash', 'nginx', 'mail-transport-agent']),
    expect: { bash: ['5.2.15-2+b13'], nginx: ['1.22.1-9+deb12u10', '1.22.1-9+deb12u9'] },
  },
  {
    title: 'the version of another release',
    given: {
      'apt-cache -o APT::Default-Release=bookworm-backports policy nginx': {
        stdout: captured('apt/policy.debian-12.txt'),
      },
    },
    call: (packages) => packages.available(['nginx'], { from: 'bookworm-backports' }),
    expect: { bash: '5.2.15-2+b13', nginx: '1.22.1-9+deb12u10' },
  },
  {
    title: 'what a package file holds, by its path',
    given: { [`${describes} /srv/x.deb`]: { stdout: 'x\t1:2.0-1\n' } },
    call: (packages) => packages.describe('/srv/x.deb'),
    expect: { name: 'x', version: '1:2.0-1' },
  },
  {
    title: 'a file that is no package',
    given: { [`${describes} -`]: { code: 2, stderr: 'not a Debian format archive' } },
    call: (packages) => packages.describe(new Uint8Array()),
    refusal: 'PACKAGE_FILE_INVALID',
  },
  {
    title: 'everything that may be asked of an installation',
    given: {
      [`${plain} -o Dpkg::Options::=--force-confnew -o Acquire::Retries=3 --no-install-recommends --allow-unauthenticated --only-upgrade --reinstall --target-release sid --allow-downgrades install nginx`]:
        done,
    },
    call: (packages) =>
      packages.install([{ name: 'nginx' }], {
        from: 'sid',
        recommends: false,
        unverified: true,
        onlyUpgrade: true,
        reinstall: true,
        newConfiguration: true,
        settings: ['Acquire::Retries=3'],
      }),
  },
  {
    title: 'a repository to enable for once, which apt cannot',
    given: {},
    call: (packages) => packages.install([{ name: 'nginx' }], { enable: ['epel'] }),
    refusal: 'PACKAGE_OPTION_UNKNOWN',
  },
  {
    title: 'an upgrade that may remove what is in the way',
    given: { [`${apt} dist-upgrade`]: done },
    call: (packages) => packages.upgrade({ dist: true }),
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
      [`${plain} update`]: {
        ...failed('apt/locked.debian-12.txt', 100),
        after: { commands: { [`${plain} update`]: done } },
      },
    },
    call: (packages) => packages.refresh(),
    runs: [`${plain} update`, `${plain} update`],
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
      [`${plain} update`]: done,
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
    runs: [`${apt} --allow-downgrades install zt-none`, `${plain} update`, `${apt} --allow-downgrades install zt-none`],
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
      [dpkg]: { stdout: captured('apt/dpkg-query-removed.debian-12.txt') },
      [`${apt} remove zt-plain`]: done,
    },
    call: (packages) => packages.remove(['zt-plain', 'zt-conf']),
  },
  {
    title: 'a purge takes what an earlier removal left',
    given: {
      [dpkg]: { stdout: 'zt-conf\tall\t1.0\tconfig-files\tdeinstall\t\n' },
      [`${apt} purge zt-conf`]: done,
    },
    call: (packages) => packages.remove(['zt-conf'], { purge: true }),
  },
  {
    title: 'remnants of a removal',
    given: { [dpkg]: { stdout: captured('apt/dpkg-query-removed.debian-12.txt') } },
    call: (packages) => packages.remnants(['zt-plain', 'zt-conf']),
    expect: ['zt-conf'],
  },
  { title: 'holding', given: { 'apt-mark hold a b': done }, call: (packages) => packages.hold(['a', 'b']) },
  { title: 'releasing', given: { 'apt-mark unhold a': done }, call: (packages) => packages.release(['a']) },
  { title: 'an upgrade', given: { [`${apt} --with-new-pkgs upgrade`]: done }, call: (packages) => packages.upgrade() },
]);
