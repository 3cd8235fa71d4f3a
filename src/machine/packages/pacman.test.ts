import { pacmanPackages } from './pacman.ts';
import { captured, done, failed, table } from './table.ts';

table('pacman', pacmanPackages, [
  {
    title: 'installed packages by name',
    given: { 'pacman -Q zt-plain zt-none': { code: 1, stdout: captured('pacman/query.pacman-6.txt') } },
    call: (packages) => packages.installed(['zt-plain', 'zt-none']),
    expect: { 'zt-plain': '2.0-1' },
  },
  {
    title: 'what repositories offer',
    given: { 'pacman -Si zt-plain zt-dep': { stdout: captured('pacman/info.pacman-6.txt') } },
    call: (packages) => packages.available(['zt-plain', 'zt-dep']),
    expect: { 'zt-plain': '3.0-1', 'zt-dep': '1.0-1' },
  },
  {
    title: 'upgrades',
    given: { 'pacman -Qu': { stdout: captured('pacman/upgrades.pacman-6.txt') } },
    call: (packages) => packages.upgrades(),
    expect: { 'zt-plain': '3.0-1' },
  },
  {
    title: 'the version of the repository, with or without its build, is installed by name',
    given: {
      'pacman -Si zt-plain': { stdout: captured('pacman/info.pacman-6.txt') },
      'pacman -S --noconfirm --noprogressbar --needed zt-plain': done,
    },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '3.0' }]),
  },
  {
    title: 'an older version comes from the cache',
    given: {
      'pacman -Si zt-plain': { stdout: captured('pacman/info.pacman-6.txt') },
      'pacman -U --noconfirm --noprogressbar /var/cache/pacman/pkg/zt-plain-2.0-1-any.pkg.tar.zst': done,
    },
    files: { '/var/cache/pacman/pkg/zt-plain-2.0-1-any.pkg.tar.zst': '' },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '2.0-1' }]),
  },
  {
    title: 'versions of the repository and of the cache',
    given: { 'pacman -Si zt-plain': { stdout: captured('pacman/info.pacman-6.txt') } },
    files: {
      '/var/cache/pacman/pkg/zt-plain-2.0-1-any.pkg.tar.zst': '',
      '/var/cache/pacman/pkg/zt-plain-x-9.0-1-any.pkg.tar.zst': '',
    },
    call: (packages) => packages.versions(['zt-plain']),
    expect: { 'zt-plain': ['2.0-1', '3.0-1'] },
  },
  {
    title: 'an older version that is nowhere',
    given: { 'pacman -Si zt-plain': { stdout: captured('pacman/info.pacman-6.txt') } },
    call: (packages) => packages.install([{ name: 'zt-plain', version: '1.0' }]),
    refusal: 'PACKAGE_VERSION_UNKNOWN',
  },
  {
    title: 'an unknown name',
    given: {
      'pacman -S --noconfirm --noprogressbar --needed zt-none': failed('pacman/unknown-package.pacman-6.txt', 1),
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
  },
  {
    title: 'held packages stand in the configuration',
    given: {},
    files: { '/etc/pacman.conf': '[options]\nIgnorePkg = b a\n#IgnorePkg = no\nIgnorePkg=c\n' },
    call: async (packages) => {
      await packages.hold(['d']);
      await packages.release(['a']);
      return packages.held();
    },
    expect: ['b', 'c', 'd'],
  },
]);
