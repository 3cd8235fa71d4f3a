import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { differences } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { Duration, TriState } from '#kit/types.ts';
import { serviceFailed, serviceMasked, serviceUnknown } from '#machine/errors.ts';
import type { ServiceStatus, Services } from '#machine/machine.ts';

const name = z
  .string()
  .describe('Name of the service')
  .meta({ primary: true, aliases: ['service'] });
const sig = z
  .string()
  .optional()
  .describe('Pattern of its process (as for "pgrep -f"), where an init script cannot tell whether it runs');
const runtime = z.boolean().default(false).describe('A mask that the next boot forgets');
const needs = ['services'] as const;

export const running = state({
  name: 'service.running',
  saltOnly: [],
  summary: 'Ensure a service is running, and restart or reload it when something it watches changes',
  args: z.object({
    name,
    enable: TriState.describe('Whether it starts at boot; left alone when not given'),
    reload: z.boolean().default(false).describe('Reload, rather than restart, when something watched changed'),
    full_restart: z
      .boolean()
      .default(false)
      .describe('Stop and start, rather than restart, when something watched changed'),
    restart: z.boolean().optional().describe('For Salt: means nothing, what it watches restarts it anyway'),
    force: z.boolean().optional().describe('For Salt: means nothing'),
    init_delay: Duration.optional().describe('Time to wait after the start, before it is looked at again'),
    no_block: z.boolean().default(false).describe('Only ask the service manager to start it, and wait for nothing'),
    unmask: z.boolean().default(false).describe('Unmask it first if it is masked'),
    unmask_runtime: z.boolean().default(false).describe('Take off a mask that the next boot would forget'),
    sig,
  }),
  async check(wanted, context) {
    const { name, enable, unmask } = wanted;
    const service = await lookUp(wanted, context);
    if (service === undefined) throw serviceUnknown('start', name);
    if (service.masked && !unmask) throw serviceMasked('start', name);
    return differences(
      { masked: unmask ? false : undefined, enabled: wantedAtBoot(enable, service), running: true },
      service,
    );
  },
  async apply(changes, wanted, context) {
    const { name, no_block, unmask_runtime, init_delay } = wanted;
    const { services, signal } = context;
    if (changes.masked) await services.unmask(name, { runtime: unmask_runtime });
    if (changes.enabled) await setEnabled(services, name, changes.enabled.to);
    if (changes.running) {
      // A unit file of the same run may be newer than what the manager has read.
      await services.reread();
      await services.start(name, { block: !no_block });
      if (init_delay !== undefined) await delay(init_delay, signal);
      if (!no_block) await verifyRunning(wanted, context);
    }
    return { manager: services.provider };
  },
  async revert(changes, { name }, { services }) {
    if (changes.running) await services.stop(name);
    if (changes.enabled) await setEnabled(services, name, changes.enabled.from);
    if (changes.masked) await services.mask(name);
  },
  async refresh({ name, reload, full_restart, no_block, init_delay }, { services, signal }) {
    const options = { block: !no_block };
    await services.reread();
    if (reload) await services.reload(name);
    else if (full_restart) {
      await services.stop(name, options);
      await services.start(name, options);
    } else await services.restart(name, options);
    if (init_delay !== undefined) await delay(init_delay, signal);
    return { comment: reload ? 'Service reloaded' : 'Service restarted', manager: services.provider };
  },
  supposedAs: (wanted) => ({ ...wanted, init_delay: undefined }),
  refreshesBeside: ({ running }) => running === undefined,
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
    {
      title: 'A service that dies a moment after its start',
      args: { name: 'nginx' },
      given: { services: { nginx: { start: 'dies' } } },
      expect: { refusal: 'SERVICE_FAILED' },
    },
    {
      title: 'A service that does its work and ends',
      args: { name: 'grow-disk' },
      given: { services: { 'grow-disk': { start: 'ends' } } },
      expect: { refusal: 'SERVICE_ENDED' },
    },
  ],
  notes: [
    'A watched change restarts only a service that ran already; one that this state has just started is fresh.',
    'It is looked at again a moment after its start: one that died by then fails, with its last words in the details.',
  ],
});

export const dead = state({
  name: 'service.dead',
  saltOnly: [],
  summary: 'Ensure a service is not running',
  args: z.object({
    name,
    enable: TriState.describe('Whether it starts at boot; left alone when not given'),
    init_delay: Duration.optional().describe('Time to wait after the stop, before it is looked at again'),
    no_block: z.boolean().default(false).describe('Only ask the service manager to stop it, and wait for nothing'),
    sig,
  }),
  async check(wanted, context) {
    const service = await lookUp(wanted, context);
    // Nothing of that name can run: the wish is met.
    if (service === undefined) return {};
    return differences({ enabled: wantedAtBoot(wanted.enable, service), running: false }, service);
  },
  async apply(changes, wanted, context) {
    const { name, no_block, init_delay } = wanted;
    const { services, signal } = context;
    if (changes.running) await services.stop(name, { block: !no_block });
    if (changes.enabled) await setEnabled(services, name, changes.enabled.to);
    if (changes.running && init_delay !== undefined) await delay(init_delay, signal);
    const isAlive = changes.running && !no_block && (await lookUp(wanted, context))?.running === true;
    if (isAlive) throw serviceFailed('stop', name, 'it runs still, or again', { manager: services.provider });
    return { manager: services.provider };
  },
  async revert(changes, { name }, { services }) {
    if (changes.enabled) await setEnabled(services, name, changes.enabled.from);
    if (changes.running) await services.start(name);
  },
  supposedAs: (wanted) => ({ ...wanted, init_delay: undefined }),
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
    return service === undefined ? {} : differences({ enabled: wantedAtBoot(false, service) }, service);
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
      title: 'A service that others bring in at boot, which nobody can keep them from',
      args: { name: 'systemd-udevd' },
      given: { services: { 'systemd-udevd': { running: true, fixed: true } } },
      expect: {},
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
  args: z.object({ name, runtime }),
  check: async ({ name, runtime }, { services }) => {
    const { masked, enabled } = await known(services, 'mask', name);
    // A masked service is not enabled: keep what was, so that a revert can enable it again.
    return masked ? {} : differences({ masked: true, enabled: runtime ? undefined : false }, { masked, enabled });
  },
  async apply(_changes, { name, runtime }, { services }) {
    await services.mask(name, { runtime });
  },
  async revert(changes, { name, runtime }, { services }) {
    await services.unmask(name, { runtime });
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
  args: z.object({ name, runtime }),
  check: async ({ name }, { services }) => differences({ masked: false }, await known(services, 'unmask', name)),
  async apply(_changes, { name, runtime }, { services }) {
    await services.unmask(name, { runtime });
  },
  async revert(_changes, { name, runtime }, { services }) {
    await services.mask(name, { runtime });
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

interface Looked {
  readonly name: string;
  readonly sig?: string | undefined;
}

/** A service manager knows whether a service runs; an init script may not, and then its process is looked for. */
async function lookUp({ name, sig }: Looked, { services, commands }: Context): Promise<ServiceStatus | undefined> {
  const service = await services.find(name);
  if (service === undefined || sig === undefined || services.provider === 'systemd') return service;
  const { code } = await commands.run(['pgrep', '--full', '--', sig]);
  return { ...service, running: code === 0 };
}

/** What nobody can set is not asked for. */
function wantedAtBoot(enable: boolean | undefined, { fixed }: ServiceStatus): boolean | undefined {
  return fixed ? undefined : enable;
}

async function verifyRunning(wanted: Looked, context: Context): Promise<void> {
  const { name } = wanted;
  const service = await lookUp(wanted, context);
  if (service?.running) return;
  if (!service?.ends) {
    const isTold = context.services.provider === 'systemd';
    const reason = isTold ? 'it ended by itself a moment later, without a fault' : 'its script says it does not run';
    throw serviceFailed('start', name, reason);
  }
  throw new ZesterError('machine', 'SERVICE_ENDED', `Cannot keep "${name}" running: it does its work and ends`, {
    hint: 'Let its unit say "RemainAfterExit=yes", or start it with cmd.run or module.run where that is meant',
  });
}

async function known(services: Services, action: string, name: string) {
  const service = await services.find(name);
  if (service === undefined) throw serviceUnknown(action, name);
  return service;
}

async function setEnabled(services: Services, name: string, enabled: boolean | undefined): Promise<undefined> {
  if (enabled) await services.enable(name);
  else await services.disable(name);
}
