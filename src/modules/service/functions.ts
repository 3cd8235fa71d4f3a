import * as z from 'zod';
import type { Context } from '#kit/context.ts';
import { moduleFunction } from '#kit/function.ts';
import type { Services } from '#machine/machine.ts';

const name = z
  .string()
  .describe('Name of the service')
  .meta({ primary: true, aliases: ['service'] });

export const isRunning = moduleFunction({
  name: 'service.status',
  summary: 'Whether a service is running',
  args: z.object({ name }),
  returns: 'True or false; false also for a service the machine does not know',
  changes: false,
  run: async ({ name }, { services }) => (await services.find(name))?.running ?? false,
  examples: [
    {
      title: 'A running service',
      args: { name: 'nginx' },
      given: { services: { nginx: { running: true } } },
      expect: true,
    },
    { title: 'An unknown service', args: { name: 'nginx' }, expect: false },
  ],
});

export const isEnabled = moduleFunction({
  name: 'service.enabled',
  summary: 'Whether a service starts at boot',
  args: z.object({ name }),
  returns: 'True or false',
  changes: false,
  run: async ({ name }, { services }) => (await services.find(name))?.enabled ?? false,
  examples: [
    {
      title: 'A service that starts at boot',
      args: { name: 'nginx' },
      given: { services: { nginx: { enabled: true } } },
      expect: true,
    },
  ],
});

export const isDisabled = moduleFunction({
  name: 'service.disabled',
  summary: 'Whether a service does not start at boot',
  args: z.object({ name }),
  returns: 'True or false',
  changes: false,
  run: async ({ name }, { services }) => !((await services.find(name))?.enabled ?? false),
  examples: [
    {
      title: 'A service that starts at boot',
      args: { name: 'nginx' },
      given: { services: { nginx: { enabled: true } } },
      expect: false,
    },
  ],
});

export const available = moduleFunction({
  name: 'service.available',
  summary: 'Whether the machine knows a service',
  args: z.object({ name }),
  returns: 'True or false',
  changes: false,
  run: async ({ name }, { services }) => (await services.find(name)) !== undefined,
  examples: [
    { title: 'A stopped service', args: { name: 'nginx' }, given: { services: { nginx: {} } }, expect: true },
    { title: 'An unknown service', args: { name: 'nginx' }, expect: false },
  ],
});

export const missing = moduleFunction({
  name: 'service.missing',
  summary: 'Whether the machine does not know a service',
  args: z.object({ name }),
  returns: 'True or false',
  changes: false,
  run: async ({ name }, { services }) => (await services.find(name)) === undefined,
  examples: [
    { title: 'A stopped service', args: { name: 'nginx' }, given: { services: { nginx: {} } }, expect: false },
    { title: 'An unknown service', args: { name: 'nginx' }, expect: true },
  ],
});

export const isMasked = moduleFunction({
  name: 'service.masked',
  summary: 'Whether a service cannot be started by anyone',
  args: z.object({ name }),
  returns: 'True or false; false also for a service the machine does not know',
  changes: false,
  run: async ({ name }, { services }) => (await services.find(name))?.masked ?? false,
  examples: [
    {
      title: 'A masked service',
      args: { name: 'nginx' },
      given: { services: { nginx: { masked: true } } },
      expect: true,
    },
    { title: 'A stopped service', args: { name: 'nginx' }, given: { services: { nginx: {} } }, expect: false },
  ],
});

export const reread = moduleFunction({
  name: 'service.systemctl_reload',
  summary: 'Make the service manager read the definitions of services again',
  args: z.object({}),
  returns: 'True; it fails when the service manager refuses',
  changes: true,
  async run(_args, { services }) {
    await services.reread();
    return true;
  },
  examples: [{ title: 'After a unit file changed', args: {}, expect: true }],
  notes: ['States of services do it by themselves.'],
});

export const list = listing('service.list');
export const getAll = listing('service.get_all');

export const start = verb('start', 'Start a service', (services, each) => services.start(each));
export const stop = verb('stop', 'Stop a service', (services, each) => services.stop(each));
export const restart = verb('restart', 'Restart a service', (services, each) => services.restart(each));
export const reload = verb('reload', 'Make a service read its configuration again', (services, each) =>
  services.reload(each),
);
export const forceReload = verb('force_reload', 'Make a service read its configuration again', (services, each) =>
  services.reload(each),
);
export const enable = verb('enable', 'Make a service start at boot', (services, each) => services.enable(each));
export const disable = verb('disable', 'Keep a service from starting at boot', (services, each) =>
  services.disable(each),
);
export const mask = verb('mask', 'Make it impossible to start a service', (services, each) => services.mask(each));
export const unmask = verb('unmask', 'Make it possible to start a service', (services, each) => services.unmask(each));

function listing(name: 'service.list' | 'service.get_all') {
  return moduleFunction({
    name,
    summary: 'Names of all services',
    args: z.object({}),
    returns: 'Sorted list of names',
    changes: false,
    run: async (_args, { services }) => (await services.list()).toSorted(),
    examples: [
      { title: 'Two services', args: {}, given: { services: { ssh: {}, cron: {} } }, expect: ['cron', 'ssh'] },
    ],
  });
}

function verb(word: string, summary: string, act: (services: Services, name: string) => Promise<void>) {
  return moduleFunction({
    name: `service.${word}`,
    summary,
    args: z.object({ name }),
    returns: 'True; it fails when the service manager refuses',
    changes: true,
    async run({ name }, { services }: Context) {
      await act(services, name);
      return true;
    },
    examples: [
      { title: 'A service', args: { name: 'nginx' }, given: { services: { nginx: { running: true } } }, expect: true },
      { title: 'An unknown service', args: { name: 'ngnix' }, expect: { refusal: 'SERVICE_UNKNOWN' } },
    ],
  });
}
