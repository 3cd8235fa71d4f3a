import { fact } from '#kit/fact.ts';
import type { Files } from '#machine/machine.ts';
import { textOf } from './text.ts';

export const hardware = fact({
  name: 'hardware',
  summary: 'What the machine is made of: its maker and model, or what it runs inside',
  returns:
    '`hardware`: vendor, product, bios_version, machine_id, virtual (`physical`, `kvm`, `VMware`, `VirtualBox`, `xen`, ' +
    '`HyperV`, `container`, or `virtual` for a hypervisor of another kind), virtual_subtype (`Docker`, `LXC`…)',
  kind: 'identity',
  async read({ files }) {
    const dmi = async (name: string) => (await textOf(files, `/sys/class/dmi/id/${name}`))?.trim() ?? '';
    const [vendor, product] = [await dmi('sys_vendor'), await dmi('product_name')];
    return {
      hardware: {
        vendor,
        product,
        bios_version: await dmi('bios_version'),
        machine_id: (await textOf(files, '/etc/machine-id'))?.trim() ?? '',
        ...(await virtualOf(files, `${vendor} ${product}`)),
      },
    };
  },
  examples: [
    {
      title: 'A virtual machine on KVM',
      given: {
        files: {
          '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
          '/sys/class/dmi/id/product_name': 'Standard PC (Q35 + ICH9, 2009)\n',
          '/sys/class/dmi/id/bios_version': '1.16.2\n',
          '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
        },
      },
      expect: {
        hardware: {
          vendor: 'QEMU',
          product: 'Standard PC (Q35 + ICH9, 2009)',
          bios_version: '1.16.2',
          machine_id: '0123456789abcdef0123456789abcdef',
          virtual: 'kvm',
          virtual_subtype: '',
        },
      },
    },
    {
      title: 'A Docker container',
      given: { files: { '/.dockerenv': '' } },
      expect: {
        hardware: {
          vendor: '',
          product: '',
          bios_version: '',
          machine_id: '',
          virtual: 'container',
          virtual_subtype: 'Docker',
        },
      },
    },
    {
      title: 'A microVM without firmware tables, known by a processor flag alone',
      given: { files: { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu sse4_2 hypervisor lahf_lm\n' } },
      expect: {
        hardware: {
          vendor: '',
          product: '',
          bios_version: '',
          machine_id: '',
          virtual: 'virtual',
          virtual_subtype: '',
        },
      },
    },
    {
      title: 'A server of metal',
      given: {
        files: {
          '/sys/class/dmi/id/sys_vendor': 'Dell Inc.\n',
          '/sys/class/dmi/id/product_name': 'PowerEdge R740\n',
          '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu sse4_2\n',
        },
      },
      expect: {
        hardware: {
          vendor: 'Dell Inc.',
          product: 'PowerEdge R740',
          bios_version: '',
          machine_id: '',
          virtual: 'physical',
          virtual_subtype: '',
        },
      },
    },
  ],
});

/** What firmware says of its hypervisor → Salt's word for it. */
const hypervisors: readonly (readonly [RegExp, string])[] = [
  [/VMware/, 'VMware'],
  [/VirtualBox|innotek/, 'VirtualBox'],
  [/Microsoft Corporation Virtual Machine/, 'HyperV'],
  [/Parallels/, 'Parallels'],
  [/Xen|HVM domU/, 'xen'],
  [/BHYVE/, 'bhyve'],
  [/Google/, 'gce'],
  [/KVM|QEMU|OpenStack|oVirt|RHEV|Amazon EC2|Hetzner|DigitalOcean|Firecracker/, 'kvm'],
];

interface Virtual {
  readonly virtual: string;
  readonly virtual_subtype: string;
}

async function virtualOf(files: Files, maker: string): Promise<Virtual> {
  const engine = (await textOf(files, '/run/systemd/container'))?.trim();
  const isDocker = (await files.stat('/.dockerenv')) !== undefined || engine === 'docker';
  if (isDocker) return { virtual: 'container', virtual_subtype: 'Docker' };
  if (engine !== undefined && engine !== '') return { virtual: 'container', virtual_subtype: engine };
  if (await files.stat('/run/.containerenv')) return { virtual: 'container', virtual_subtype: 'podman' };
  const known = hypervisors.find(([pattern]) => pattern.test(maker))?.[1];
  if (known !== undefined) return { virtual: known, virtual_subtype: '' };
  const hasFlag = /^flags\s*:.*\bhypervisor\b/m.test((await textOf(files, '/proc/cpuinfo')) ?? '');
  return { virtual: hasFlag ? 'virtual' : 'physical', virtual_subtype: '' };
}
