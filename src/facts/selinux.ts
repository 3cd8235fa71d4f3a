import { fact } from '#kit/fact.ts';
import { textOf } from './text.ts';

export const selinux = fact({
  name: 'selinux',
  summary: 'Whether SELinux is on, and whether it enforces',
  returns: '`selinux`: enabled, enforced (`Enforcing`, `Permissive`, `Disabled`)',
  kind: 'identity',
  async read({ files }) {
    const enforce = (await textOf(files, '/sys/fs/selinux/enforce'))?.trim();
    if (enforce === undefined) return { selinux: { enabled: false, enforced: 'Disabled' } };
    return { selinux: { enabled: true, enforced: enforce === '1' ? 'Enforcing' : 'Permissive' } };
  },
  examples: [
    {
      title: 'A kernel that enforces',
      given: { files: { '/sys/fs/selinux/enforce': '1' } },
      expect: { selinux: { enabled: true, enforced: 'Enforcing' } },
    },
    { title: 'A kernel without SELinux', given: {}, expect: { selinux: { enabled: false, enforced: 'Disabled' } } },
  ],
});
