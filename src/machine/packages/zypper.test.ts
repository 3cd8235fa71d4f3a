import { captured, done, failed, table } from './table.ts';
import { zypperPackages } from './zypper.ts';

const search = 'zypper --non-interactive --xmlout --no-refresh search --details --match-exact --type package';

table('zypper', zypperPackages, [
  {
    title: 'what repositories offer: the newest',
    given: { [`${search} zt-plain zt-none`]: { stdout: captured('zypper/search.zypper-1.14.txt') } },
    call: (packages) => packages.available(['zt-plain', 'zt-none']),
    expect: { 'zt-plain': '2.0-1' },
  },
  {
    title: 'nothing found is an answer',
    given: { [`${search} zt-none`]: { code: 104 } },
    call: (packages) => packages.available(['zt-none']),
    expect: {},
  },
  {
    title: 'upgrades',
    given: {
      'zypper --non-interactive --xmlout --no-refresh list-updates --type package': {
        stdout: captured('zypper/list-updates.zypper-1.14.txt'),
      },
    },
    call: (packages) => packages.upgrades(),
    expect: { 'zt-plain': '2.0-1' },
  },
  {
    title: 'one transaction, which may go back',
    given: { 'zypper --non-interactive install --oldpackage --auto-agree-with-licenses a b=1.0': { code: 102 } },
    call: (packages) => packages.install([{ name: 'a' }, { name: 'b', version: '1.0' }]),
  },
  {
    title: 'everything that may be asked of an installation',
    given: {
      'zypper --non-interactive --no-gpg-checks install --oldpackage --auto-agree-with-licenses --from extra --no-recommends --force a':
        done,
    },
    call: (packages) =>
      packages.install([{ name: 'a' }], { from: 'extra', recommends: false, reinstall: true, unverified: true }),
  },
  {
    title: 'an unknown name',
    given: {
      'zypper --non-interactive install --oldpackage --auto-agree-with-licenses zt-none': failed(
        'zypper/unknown-package.zypper-1.14.txt',
        104,
      ),
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
  },
  {
    title: 'an unknown version',
    given: {
      'zypper --non-interactive install --oldpackage --auto-agree-with-licenses zt-plain=9.0': failed(
        'zypper/unknown-version.zypper-1.14.txt',
        104,
      ),
    },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '9.0' }]),
    refusal: 'PACKAGE_VERSION_UNKNOWN',
  },
  {
    title: 'held packages',
    given: { 'zypper --non-interactive --xmlout locks': { stdout: captured('zypper/locks.zypper-1.14.txt') } },
    call: (packages) => packages.held(),
    expect: ['zt-other', 'zt-plain'],
  },
]);
