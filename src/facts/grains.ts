import { createHash } from 'node:crypto';
import type { Facts } from './collect.ts';

/** The Salt whose behaviour formulas find here; they compare it. */
const saltVersion = { text: '3006.0', info: [3006, 0] };

/** Distribution → what Salt calls it in `os`. */
const names: Readonly<Record<string, string>> = {
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  raspbian: 'Raspbian',
  linuxmint: 'Mint',
  kali: 'Kali',
  devuan: 'Devuan',
  rhel: 'RedHat',
  centos: 'CentOS',
  fedora: 'Fedora',
  rocky: 'Rocky',
  almalinux: 'AlmaLinux',
  ol: 'OEL',
  amzn: 'Amazon',
  opensuse: 'SUSE',
  'opensuse-leap': 'SUSE',
  'opensuse-tumbleweed': 'SUSE',
  sles: 'SUSE',
  arch: 'Arch',
  archarm: 'Arch ARM',
  manjaro: 'Manjaro',
  alpine: 'Alpine',
  gentoo: 'Gentoo',
  void: 'Void',
  nixos: 'NixOS',
};

const families: Readonly<Record<string, string>> = {
  debian: 'Debian',
  rhel: 'RedHat',
  suse: 'Suse',
  arch: 'Arch',
  alpine: 'Alpine',
  gentoo: 'Gentoo',
  void: 'Void',
  nixos: 'NixOS',
};

/**
 * Salt's flat grains from Zester's nested facts, for templates and targets written for Salt. Where a name means a map
 * in Zester and a string in Salt (`os`), the result has Salt's; all other facts are passed on. `id` is the peel's own
 * when the facts hold one; `master` is there when whoever asks knows it.
 */
export function saltGrains(facts: Facts, { master }: { readonly master?: string } = {}): Facts {
  const network = mapping(facts.network);
  const id = text(facts.id) || text(network.fqdn);
  return {
    ...facts,
    ...osGrains(facts),
    ...networkGrains(network),
    ...gatewayGrains(facts),
    ...hardwareGrains(facts),
    id,
    // As Salt makes it, so that states which derive a number from it go on giving the same.
    server_id: Number(BigInt(`0x${createHash('sha256').update(id).digest('hex')}`) % 2n ** 31n),
    ...(master === undefined ? {} : { master }),
    saltversion: saltVersion.text,
    saltversioninfo: saltVersion.info,
    pythonversion: [3, 11, 0, 'final', 0],
  };
}

function osGrains(facts: Facts): Facts {
  const os = mapping(facts.os);
  // An administrator's own `os`, perhaps Salt's string already.
  if (Object.keys(os).length === 0) return {};
  const platform = text(os.platform);
  const family = text(os.family);
  const name = names[platform] ?? (text(os.full_name) || capital(platform));
  const full = text(os.full_name).replace(/^openSUSE /, '');
  const release = text(os.platform_version);
  const info = release.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  const isNumbered = /^\d/.test(release);
  const fingerName = ['Debian', 'Raspbian'].includes(name) ? name : full;
  const pretty = text(os.pretty_name);
  const codename = text(os.codename);
  return {
    os: name,
    os_family: families[family] ?? capital(family),
    osfullname: full,
    osrelease: release,
    osrelease_info: info,
    osmajorrelease: info[0] ?? 0,
    osfinger: isNumbered ? `${fingerName}-${name === 'Ubuntu' ? release : info[0]}` : fingerName,
    oscodename: codename || pretty,
    lsb_distrib_id: full,
    lsb_distrib_release: release,
    lsb_distrib_description: pretty,
    // Red Hat's codename is only in the version, where lsb does not look.
    lsb_distrib_codename: /^[a-z]/.test(codename) ? codename : pretty,
    osarch: packageArchitecture(family, text(os.arch), text(os.kernel_arch)),
    cpuarch: os.kernel_arch,
    kernel: capital(text(os.name)),
    kernelrelease: os.kernel,
    init: os.init,
    ...(os.init_version === undefined ? {} : { systemd: { version: os.init_version } }),
  };
}

function networkGrains(network: Facts): Facts {
  const interfaces = list(network.interfaces).map(mapping);
  const addressesOf = (each: Facts) => list(each.addrs).map((cidr) => text(cidr).split('/')[0] ?? '');
  const byName = (choose: (address: string) => boolean) =>
    Object.fromEntries(interfaces.map((each) => [text(each.name), addressesOf(each).filter(choose)]));
  const all = interfaces.flatMap(addressesOf).toSorted();
  return {
    host: network.hostname,
    nodename: network.hostname,
    localhost: network.hostname,
    fqdn: network.fqdn,
    domain: network.domain,
    fqdns: [text(network.fqdn)].filter((name) => name.includes('.')),
    fqdn_ip4: network.ipv4,
    fqdn_ip6: network.ipv6,
    ipv4: all.filter(isVersion4),
    ipv6: all.filter((address) => !isVersion4(address)),
    ip_interfaces: byName(() => true),
    ip4_interfaces: byName(isVersion4),
    ip6_interfaces: byName((address) => !isVersion4(address)),
    hwaddr_interfaces: Object.fromEntries(interfaces.map((each) => [text(each.name), text(each.mac)])),
    dns: { nameservers: list(network.nameservers) },
  };
}

/** Salt says False where there is no way out. */
function gatewayGrains({ default_gateway: gateway }: Facts): Facts {
  return { ip4_gw: gateway ?? false, ip_gw: gateway !== undefined };
}

function hardwareGrains(facts: Facts): Facts {
  const [cpu, memory, hardware] = [mapping(facts.cpu), mapping(facts.memory), mapping(facts.hardware)];
  return {
    num_cpus: cpu.count,
    cpu_model: cpu.model,
    cpu_flags: list(cpu.flags),
    mem_total: mebibytes(memory.total),
    swap_total: mebibytes(memory.swap_total),
    virtual: hardware.virtual,
    ...(hardware.virtual_subtype ? { virtual_subtype: hardware.virtual_subtype } : {}),
    manufacturer: hardware.vendor,
    productname: hardware.product,
    biosversion: hardware.bios_version,
    machine_id: hardware.machine_id,
  };
}

/** dpkg has its own names of architectures; the other tools use the kernel's. */
function packageArchitecture(family: string, arch: string, kernelArch: string): string {
  if (family !== 'debian') return kernelArch;
  return { '386': 'i386', arm: 'armhf' }[arch] ?? arch;
}

function isVersion4(address: string): boolean {
  return !address.includes(':');
}

function mebibytes(bytes: unknown): number | undefined {
  return typeof bytes === 'number' ? Math.floor(bytes / 1024 / 1024) : undefined;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mapping(value: unknown): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Facts) : {};
}
