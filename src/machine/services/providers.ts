import type { Services } from '../machine.ts';
import type { Provider } from '../provider.ts';

/** Service managers that run, not only that are installed: a container often has systemd's programs without it. */
export const serviceProviders: readonly Provider<Services>[] = [
  {
    name: 'systemd',
    suits: ({ has, exists }) => exists('/run/systemd/system') && has('systemctl'),
    load: async () => (await import('./systemd.ts')).systemdServices,
  },
  {
    name: 'openrc',
    suits: ({ has }) => has('rc-service') && has('rc-update'),
    load: async () => (await import('./openrc.ts')).openrcServices,
  },
  {
    name: 'sysv',
    suits: ({ exists }) => exists('/etc/init.d'),
    load: async () => (await import('./sysv.ts')).sysvServices,
  },
];
