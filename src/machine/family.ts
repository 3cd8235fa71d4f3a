/** Distribution → the family whose habits it has, where `ID_LIKE` does not say it well enough. */
const families: Readonly<Record<string, string>> = {
  debian: 'debian',
  ubuntu: 'debian',
  raspbian: 'debian',
  linuxmint: 'debian',
  kali: 'debian',
  devuan: 'debian',
  rhel: 'rhel',
  redhat: 'rhel',
  centos: 'rhel',
  fedora: 'rhel',
  rocky: 'rhel',
  almalinux: 'rhel',
  ol: 'rhel',
  amzn: 'rhel',
  suse: 'suse',
  sles: 'suse',
  sles_sap: 'suse',
  opensuse: 'suse',
  'opensuse-leap': 'suse',
  'opensuse-tumbleweed': 'suse',
  alpine: 'alpine',
  arch: 'arch',
  archarm: 'arch',
  manjaro: 'arch',
  endeavouros: 'arch',
  gentoo: 'gentoo',
  void: 'void',
  nixos: 'nixos',
};

/** The family of an `/etc/os-release`: by its `ID`, else by the first of `ID_LIKE` that is known, else its own name. */
export function familyOf({ ID: id = '', ID_LIKE: like = '' }: Readonly<Record<string, string>>): string {
  for (const each of [id, ...like.split(/\s+/)]) {
    const family = families[each.toLowerCase()];
    if (family !== undefined) return family;
  }
  return id.toLowerCase();
}
