import * as z from 'zod';
import { differences } from '#kit/changes.ts';
import { state } from '#kit/state.ts';
import { TriState } from '#kit/types.ts';
import { serviceMasked, serviceUnknown } from '#machine/errors.ts';
import type { Services } from '#machine/machine.ts';

const name = z
  .string()
  .describe('Name of the service')
  .meta({ primary: true, aliases: ['service'] });
const needs = ['services'] as const;

export const running = state({
  name: 'service.running',
  saltOnly: ['init_delay', 'sig'],
  summary: 'Ensure a service is running, and restart or reload it when something it watches changes',
  args: z.object({
    name,
    enable: TriState.describe('Whether it starts at boot; left alone when not given'),
    reload: z.boolean().default(false).describe('Reload, rather than restart, when something watched changes'),
    full_restart: z
      .boolean()
      .default(false)
      .describe('Stop and start, rather than restart, when something watched changes'),
    unmask: z.boolean().default(false).describe('Unmask it first if it is masked'),
  }),
  async check({ name, enable, unmask }, { services }) {
    const service = await services.find(name);
    if (service === undefined) throw serviceUnknown('start', name);
    if (service.masked && !unmask) throw serviceMasked('start', name);
    return differences({ masked: unmask ? false : undefined, enabled: enable, running: true }, service);
  },
  async apply(changes, { name }, { services }) {
    if (changes.masked) await services.unmask(name);
    if (changes.enabled) await setEnabled(services, name, changes.enabled.to);
    // A unit file of the same run may be newer than what the manager has read.
    if (changes.running) await services.reread();
    if (changes.running) await services.start(name);
    return { manager: services.provider };
  },
  async revert(changes, { name }, { services }) {
    if (changes.running) await services.stop(name);
    if (changes.enabled) await setEnabled(services, name, changes.enabled.from);
    if (changes.masked) await services.mask(name);
  },
  async refresh({ name, reload, full_restart }, { services }) {
    await services.reread();
    if (reload) await services.reload(name);
    else if (full_restart) {
      await services.stop(name);
      await services.start(name);
    } else await services.restart(name);
    return { comment: reload ? 'Service reloaded' : 'Service restarted', manager: services.provider };
  },
  needs,
  examples: [
    {
      title: 'A stopped service, to start now and at boot',
      args: { name: 'nginx', enable: true },
      given: { services: { nginx: { running: false, enabled: false } } },
      expect: { running: { from: false, to: true }, enabled: { from: false, to: true } },
    },
    {
      title: 'A running service, whose boot setting is nobody’s business',
      args: { name: 'nginx' },
      given: { services: { nginx: { running: true, enabled: false } } },
      expect: {},
    },
    {
      title: 'A running service that shall not start at boot',
      args: { name: 'nginx', enable: false },
      given: { services: { nginx: { running: true, enabled: true } } },
      expect: { enabled: { from: true, to: false } },
    },
    {
      title: 'A masked service to unmask and start',
      args: { name: 'nginx', unmask: true },
      given: { services: { nginx: { masked: true } } },
      expect: { masked: { from: true, to: false }, running: { from: false, to: true } },
    },
    {
      title: 'A masked service',
      args: { name: 'nginx' },
      given: { services: { nginx: { masked: true } } },
      expect: { refusal: 'SERVICE_MASKED' },
    },
    { title: 'An unknown service', args: { name: 'ngnix' }, expect: { refusal: 'SERVICE_UNKNOWN' } },
  ],
  notes: ['A watched change restarts only a service that ran already; one that this state has just started is fresh.'],
});

export const dead = state({
  name: 'service.dead',
  saltOnly: ['init_delay', 'sig'],
  summary: 'Ensure a service is not running',
  args: z.object({ name, enable: TriState.describe('Whether it starts at boot; left alone when not given') }),
  async check({ name, enable }, { services }) {
    const service = await services.find(name);
    // Nothing of that name can run: the wish is met.
    if (service === undefined) return {};
    return differences({ enabled: enable, running: false }, service);
  },
  async apply(changes, { name }, { services }) {
    if (changes.running) await services.stop(name);
    if (changes.enabled) await setEnabled(services, name, changes.enabled.to);
    return { manager: services.provider };
  },
  async revert(changes, { name }, { services }) {
    if (changes.enabled) await setEnabled(services, name, changes.enabled.from);
    if (changes.running) await services.start(name);
  },
  needs,
  examples: [
    {
      title: 'A running service, to stop now and at boot',
      args: { name: 'rpcbind', enable: false },
      given: { services: { rpcbind: { running: true, enabled: true } } },
      expect: { running: { from: true, to: false }, enabled: { from: true, to: false } },
    },
    {
      title: 'A stopped service',
      args: { name: 'rpcbind' },
      given: { services: { rpcbind: { enabled: true } } },
      expect: {},
    },
    { title: 'A service the machine does not know', args: { name: 'rpcbind' }, expect: {} },
  ],
});

export const enabled = state({
  name: 'service.enabled',
  saltOnly: [],
  summary: 'Ensure a service starts at boot',
  args: z.object({ name }),
  check: async ({ name }, { services }) => differences({ enabled: true }, await known(services, 'enable', name)),
  apply: async (changes, { name }, { services }) => setEnabled(services, name, changes.enabled?.to),
  revert: async (changes, { name }, { services }) => setEnabled(services, name, changes.enabled?.from),
  needs,
  examples: [
    {
      title: 'A service that does not start at boot',
      args: { name: 'nginx' },
      given: { services: { nginx: { running: true } } },
      expect: { enabled: { from: false, to: true } },
    },
    {
      title: 'A service that starts at boot',
      args: { name: 'nginx' },
      given: { services: { nginx: { enabled: true } } },
      expect: {},
    },
    { title: 'An unknown service', args: { name: 'ngnix' }, expect: { refusal: 'SERVICE_UNKNOWN' } },
  ],
});

export const disabled = state({
  name: 'service.disabled',
  saltOnly: [],
  summary: 'Ensure a service does not start at boot',
  args: z.object({ name }),
  async check({ name }, { services }) {
    const service = await services.find(name);
    return service === undefined ? {} : differences({ enabled: false }, service);
  },
  apply: async (changes, { name }, { services }) => setEnabled(services, name, changes.enabled?.to),
  revert: async (changes, { name }, { services }) => setEnabled(services, name, changes.enabled?.from),
  needs,
  examples: [
    {
      title: 'A service that starts at boot',
      args: { name: 'rpcbind' },
      given: { services: { rpcbind: { enabled: true } } },
      expect: { enabled: { from: true, to: false } },
    },
    {
      title: 'A running service that does not start at boot',
      args: { name: 'rpcbind' },
      given: { services: { rpcbind: { running: true } } },
      expect: {},
    },
    { title: 'A service the machine does not know', args: { name: 'rpcbind' }, expect: {} },
  ],
});

export const masked = state({
  name: 'service.masked',
  summary: 'Ensure a service cannot be started by anyone',
  args: z.object({ name }),
  check: async ({ name }, { services }) => {
    const { masked, enabled } = await known(services, 'mask', name);
    // A masked service is not enabled: keep what was, so that a revert can enable it again.
    return masked ? {} : differences({ masked: true, enabled: false }, { masked, enabled });
  },
  async apply(_changes, { name }, { services }) {
    await services.mask(name);
  },
  async revert(changes, { name }, { services }) {
    await services.unmask(name);
    if (changes.enabled) await services.enable(name);
  },
  needs,
  examples: [
    {
      title: 'A service to mask',
      args: { name: 'rpcbind' },
      given: { services: { rpcbind: { enabled: true } } },
      expect: { masked: { from: false, to: true }, enabled: { from: true, to: false } },
    },
    {
      title: 'A masked service',
      args: { name: 'rpcbind' },
      given: { services: { rpcbind: { masked: true } } },
      expect: {},
    },
    { title: 'An unknown service', args: { name: 'rpcbind' }, expect: { refusal: 'SERVICE_UNKNOWN' } },
  ],
  notes: ['A service that runs goes on running: stop it with service.dead.'],
});

export const unmasked = state({
  name: 'service.unmasked',
  summary: 'Ensure a service can be started',
  args: z.object({ name }),
  check: async ({ name }, { services }) => differences({ masked: false }, await known(services, 'unmask', name)),
  async apply(_changes, { name }, { services }) {
    await services.unmask(name);
  },
  async revert(_changes, { name }, { services }) {
    await services.mask(name);
  },
  needs,
  examples: [
    {
      title: 'A masked service',
      args: { name: 'nginx' },
      given: { services: { nginx: { masked: true } } },
      expect: { masked: { from: true, to: false } },
    },
    { title: 'A service that is not masked', args: { name: 'nginx' }, given: { services: { nginx: {} } }, expect: {} },
    { title: 'An unknown service', args: { name: 'ngnix' }, expect: { refusal: 'SERVICE_UNKNOWN' } },
  ],
});

async function known(services: Services, action: string, name: string) {
  const service = await services.find(name);
  if (service === undefined) throw serviceUnknown(action, name);
  return service;
}

async function setEnabled(services: Services, name: string, enabled: boolean | undefined): Promise<undefined> {
  if (enabled) await services.enable(name);
  else await services.disable(name);
}
