import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { type Host, throwAwayHost } from './host.ts';

/*
 * Package tools of other distributions: Debian ships them, so a copy of this machine installs one from the mirror, is
 * renamed to the distribution it is from, and gets a repository of small packages on its own disk.
 */

/** Where `zt-file` 1.0 lies as a package file, in a host of each kind. */
export const packageFiles = { rpm: '/srv/zt-file-1.0-1.noarch.rpm', pacman: '/srv/zt-file-1.0-1-any.pkg.tar.zst' };

export async function dnfHost(): Promise<Host> {
  const host = await hostWith('dnf', ['dnf', 'rpm', 'createrepo-c'], 'ID=rocky\nID_LIKE="rhel centos fedora"\n');
  await rpmRepository(host);
  write(host, '/etc/yum.repos.d/zt.repo', '[zt]\nname=zt\nbaseurl=file:///srv/rpm\ngpgcheck=0\n');
  return host;
}

export async function zypperHost(): Promise<Host> {
  const release = 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n';
  const host = await hostWith('zypper', ['zypper', 'rpm', 'createrepo-c'], release);
  await rpmRepository(host);
  await must(host, 'zypper --non-interactive addrepo --no-gpgcheck file:///srv/rpm zt');
  return host;
}

export async function pacmanHost(): Promise<Host> {
  const tools = ['pacman-package-manager', 'makepkg', 'libarchive-tools', 'zstd'];
  const host = await hostWith('pacman', tools, 'ID=arch\n');
  await pacmanRepository(host);
  return host;
}

async function hostWith(name: string, packages: readonly string[], release: string): Promise<Host> {
  const host = await throwAwayHost({ name });
  const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -q -y';
  await must(host, `${apt} update && ${apt} install --no-install-recommends ${packages.join(' ')}`);
  fs.rmSync(join(host.root, 'etc/os-release'));
  write(host, '/etc/os-release', release);
  return host;
}

/** Debian keeps rpm's database in a home folder; and its tools want to know which release of what they are on. */
async function rpmRepository(host: Host): Promise<void> {
  write(host, '/etc/rpm/macros', '%_dbpath /var/lib/rpm\n');
  const common = 'Release: 1\nSummary: a package for tests\nLicense: MIT\nBuildArch: noarch\n';
  const spec = (name: string, version: string, extra = '', files = '') => {
    const share = `/usr/share/${name}`;
    const make = `%install\nmkdir -p %{buildroot}${share}\necho ${version} > %{buildroot}${share}/version\n`;
    const text = `Name: ${name}\nVersion: ${version}\n${common}${extra}\n%description\ntest\n${make}%files\n${share}\n${files}`;
    write(host, `/srv/spec/${name}-${version}.spec`, text);
  };
  spec('zt-plain', '1.0');
  spec('zt-plain', '2.0');
  spec('zt-other', '1.0');
  spec('zt-dep', '1.0', 'Requires: zt-plain >= 1.0');
  spec('zt-conf', '1.0');
  spec('zt-file', '1.0');
  spec('zt-release', '9', 'Provides: system-release = 9\nProvides: redhat-release = 9\nProvides: /bin/sh');
  await must(
    host,
    'cd /srv && for s in spec/*.spec; do rpmbuild -bb --quiet --define "_topdir /srv/build" --define "_rpmdir /srv/rpm" ' +
      '--define "_build_id_links none" $s; done && mv rpm/noarch/* rpm/ && mv rpm/zt-file* . && createrepo_c -q rpm && ' +
      'rpm --initdb && rpm -U rpm/zt-release-9-1.noarch.rpm',
  );
}

async function pacmanRepository(host: Host): Promise<void> {
  write(
    host,
    '/srv/make.sh',
    `set -e
make() { # name, version, depends
  d=$(mktemp -d); mkdir -p $d/usr/share/$1; echo $2 > $d/usr/share/$1/version
  { echo "pkgname = $1"; echo "pkgbase = $1"; echo "pkgver = $2-1"; echo "pkgdesc = test"; echo "url = https://example.invalid"
    echo "builddate = 1700000000"; echo "packager = T"; echo "size = 100"; echo "arch = any"; echo "license = MIT"
    [ -z "$3" ] || echo "depend = $3"; } > $d/.PKGINFO
  (cd $d && bsdtar -cf - --format=mtree --options='!all,use-set,type,uid,gid,mode,time,size,md5,sha256,link' .PKGINFO usr | gzip -9n > .MTREE &&
    bsdtar -cf - .PKGINFO .MTREE usr | zstd -q > /srv/$1-$2-1-any.pkg.tar.zst)
}
make zt-plain 2.0; make zt-other 1.0; make zt-dep 1.0 'zt-plain>=1.0'; make zt-conf 1.0; make zt-file 1.0
repo-add -q /srv/zt.db.tar.gz /srv/zt-plain-*.zst /srv/zt-other-*.zst /srv/zt-dep-*.zst /srv/zt-conf-*.zst
`,
  );
  await must(host, 'sh /srv/make.sh');
  write(host, '/etc/pacman.conf', '[options]\nArchitecture = auto\nSigLevel = Never\n[zt]\nServer = file:///srv\n');
}

function write(host: Host, path: string, content: string): void {
  fs.mkdirSync(dirname(join(host.root, path)), { recursive: true });
  fs.writeFileSync(join(host.root, path), content);
}

async function must(host: Host, script: string): Promise<void> {
  const { code, stdout, stderr } = await host.run(['sh', '-c', script]);
  if (code !== 0) throw new Error(`In the host: ${script}\n${stdout.slice(-1000)}\n${stderr.slice(-2000)}`);
}
