import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnfPackages, parseLocks } from './dnf.ts';
import { captured, done, failed, table } from './table.ts';

const rpm = 'rpm --query --queryformat %{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n --';
const repoquery = 'dnf --assumeyes --quiet repoquery --queryformat %{name}\\t%{epoch}\\t%{version}-%{release}\\n';

table('dnf', dnfPackages, [
  {
    title: 'installed packages by name, or by what provides them',
    given: {
      [`${rpm} zt-plain zt-none`]: { code: 1, stdout: captured('rpm/query.rpm-4.18.txt') },
      [`${rpm.replace('--queryformat', '--whatprovides --queryformat')} zt-none`]: { code: 1 },
    },
    call: (packages) => packages.installed(['zt-plain', 'zt-none']),
    expect: { 'zt-plain': '1.0-1' },
  },
  {
    title: 'all installed packages, with their epochs',
    given: {
      'rpm --query --all --queryformat %{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n': {
        stdout: 'bind-libs\t32\t9.16.23-14.el9\nbash\t0\t5.1.8-6.el9\n',
      },
    },
    call: (packages) => packages.installed(),
    expect: { 'bind-libs': '32:9.16.23-14.el9', bash: '5.1.8-6.el9' },
  },
  {
    title: 'what repositories offer',
    given: {
      [`${repoquery} --available --latest-limit=1 zt-plain zt-dep`]: { stdout: captured('dnf/available.dnf-4.14.txt') },
    },
    call: (packages) => packages.available(['zt-plain', 'zt-dep']),
    expect: { 'zt-plain': '2.0-1', 'zt-dep': '1.0-1' },
  },
  {
    title: 'upgrades, with an epoch',
    given: { [`${repoquery} --upgrades --latest-limit=1`]: { stdout: 'a\t0\t2.0-1\n\nb\t1\t3.0-4\n' } },
    call: (packages) => packages.upgrades(),
    expect: { a: '2.0-1', b: '1:3.0-4' },
  },
  {
    title: 'a name without a version is asked for by its newest, so that an older one moves up',
    given: {
      [`${repoquery} --available --latest-limit=1 zt-plain`]: { stdout: 'zt-plain\t0\t2.0-1\n' },
      'dnf --assumeyes --quiet install zt-plain-2.0-1 curl-8.0 /srv/x.rpm': done,
    },
    call: (packages) =>
      packages.install([{ name: 'zt-plain' }, { name: 'curl', version: '8.0' }, { name: 'x', file: '/srv/x.rpm' }]),
  },
  {
    title: 'every version that repositories offer, of one repository alone',
    given: {
      [`${repoquery} --disablerepo=* --enablerepo=epel --available zt-plain`]: {
        stdout: 'zt-plain\t0\t1.0-1\nzt-plain\t2\t2.0-1\n',
      },
    },
    call: (packages) => packages.versions(['zt-plain'], { from: 'epel' }),
    expect: { 'zt-plain': ['1.0-1', '2:2.0-1'] },
  },
  {
    title: 'everything that may be asked of an installation',
    given: {
      'dnf --assumeyes --quiet --disablerepo=updates --enablerepo=epel --setopt=install_weak_deps=False --setopt=retries=3 --nogpgcheck install curl-8.0':
        done,
    },
    call: (packages) =>
      packages.install([{ name: 'curl', version: '8.0' }], {
        enable: ['epel'],
        disable: ['updates'],
        recommends: false,
        settings: ['retries=3'],
        unverified: true,
      }),
  },
  {
    title: 'what is there, once more',
    given: { 'dnf --assumeyes --quiet reinstall curl-8.0': done },
    call: (packages) => packages.install([{ name: 'curl', version: '8.0' }], { reinstall: true }),
  },
  {
    title: 'what a package file holds',
    given: {
      'rpm --query --queryformat %{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\n --package /srv/x.rpm': {
        stdout: 'x\t1\t2.0-1\n',
      },
    },
    call: (packages) => packages.describe('/srv/x.rpm'),
    expect: { name: 'x', version: '1:2.0-1' },
  },
  {
    title: 'an unknown name',
    given: {
      [`${repoquery} --available --latest-limit=1 zt-none`]: done,
      'dnf --assumeyes --quiet install zt-none': failed('dnf/unknown-package.dnf-4.14.txt', 1),
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
  },
  {
    title: 'an unknown version',
    given: { 'dnf --assumeyes --quiet install zt-plain-9.0-1': failed('dnf/unknown-version.dnf-4.14.txt', 1) },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '9.0-1' }]),
    refusal: 'PACKAGE_VERSION_UNKNOWN',
  },
  {
    title: 'without the plug-in nothing is held',
    given: { 'dnf --assumeyes --quiet versionlock list': failed('dnf/versionlock-missing.dnf-4.14.txt', 1) },
    call: (packages) => packages.held(),
    expect: [],
  },
  {
    title: 'a refresh',
    given: { 'dnf --assumeyes --quiet clean expire-cache': done, 'dnf --assumeyes --quiet makecache': done },
    call: (packages) => packages.refresh(),
  },
  {
    title: 'where there is only yum, yum does it',
    given: { 'yum --assumeyes --quiet upgrade': done },
    call: (packages) => packages.upgrade(),
  },
]);

test('locks of dnf 4 and of dnf 5 are read', () => {
  assert.deepEqual(parseLocks('zt-plain-0:1.0-1.*\nkernel-core-0:5.14.0-362.el9.*\n'), ['kernel-core', 'zt-plain']);
  assert.deepEqual(parseLocks('# Added by command\nPackage name: zt-plain\nevr = 1.0-1\n'), ['zt-plain']);
});
