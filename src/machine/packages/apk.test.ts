import { apkPackages } from './apk.ts';
import { done, table } from './table.ts';

// No Debian has apk: these answers follow its documentation (2.14), not a capture.
table('apk', apkPackages, [
  {
    title: 'installed packages by name, hyphens and all',
    given: {
      'apk --wait 300 list --installed': {
        stdout:
          'alpine-baselayout-data-3.4.3-r2 x86_64 {alpine-baselayout} (GPL-2.0-only) [installed]\n' +
          'busybox-1.36.1-r15 x86_64 {busybox} (GPL-2.0-only) [installed]\n',
      },
    },
    call: (packages) => packages.installed(['alpine-baselayout-data', 'nginx']),
    expect: { 'alpine-baselayout-data': '3.4.3-r2' },
  },
  {
    title: 'what repositories offer: the newest, and not what is only installed',
    given: {
      'apk --wait 300 policy nginx gone': {
        stdout:
          'nginx policy:\n  1.24.0-r16:\n    https://dl-cdn.alpinelinux.org/alpine/v3.19/main\n  1.24.0-r15:\n' +
          '    lib/apk/db/installed\ngone policy:\n  1.0-r0:\n    lib/apk/db/installed\n',
      },
    },
    call: (packages) => packages.available(['nginx', 'gone']),
    expect: { nginx: '1.24.0-r16' },
  },
  {
    title: 'every version that repositories offer',
    given: {
      'apk --wait 300 policy --repository edge nginx': {
        stdout:
          'nginx policy:\n  1.24.0-r16:\n    https://a/main\n  1.24.0-r15:\n    https://b/main\n  1.0-r0:\n    lib/apk/db/installed\n',
      },
    },
    call: (packages) => packages.versions(['nginx'], { from: 'edge' }),
    expect: { nginx: ['1.24.0-r16', '1.24.0-r15'] },
  },
  {
    title: 'a setting for once, which apk does not know',
    given: {},
    call: (packages) => packages.install([{ name: 'nginx' }], { settings: ['a=b'] }),
    refusal: 'PACKAGE_OPTION_UNKNOWN',
  },
  {
    title: 'upgrades',
    given: {
      'apk --wait 300 version --limit <': {
        stdout:
          'Installed:                                Available:\nbusybox-1.36.1-r15                      < 1.36.1-r19 \n',
      },
    },
    call: (packages) => packages.upgrades(),
    expect: { busybox: '1.36.1-r19' },
  },
  {
    title: 'one transaction with a pin',
    given: { 'apk --wait 300 add --upgrade nginx curl=8.5.0-r0': done },
    call: (packages) => packages.install([{ name: 'nginx' }, { name: 'curl', version: '8.5.0-r0' }]),
  },
  {
    title: 'an unknown name',
    given: {
      'apk --wait 300 add --upgrade zt-none': {
        code: 1,
        stderr: 'ERROR: unable to select packages:\n  zt-none (no such package):\n    required by: world[zt-none]\n',
      },
    },
    call: (packages) => packages.install([{ name: 'zt-none' }]),
    refusal: 'PACKAGE_UNKNOWN',
  },
  {
    title: 'an unknown version',
    given: {
      'apk --wait 300 add --upgrade nginx=9.0': {
        code: 1,
        stderr: 'ERROR: unable to select packages:\n  nginx-1.24.0-r15:\n    breaks: world[nginx=9.0]\n',
      },
    },
    call: (packages) => packages.install([{ name: 'nginx', version: '9.0' }]),
    refusal: 'PACKAGE_VERSION_UNKNOWN',
  },
  {
    title: 'what is held is pinned in the world, and released from it',
    given: { 'apk --wait 300 add curl': done },
    files: { '/etc/apk/world': 'alpine-base\ncurl=8.5.0-r0\nlua5.4>5\n' },
    call: (packages) => packages.release(['curl', 'alpine-base']),
  },
]);
