import { serviceFailed, serviceMasked, serviceUnknown } from '../errors.ts';
import type { Services } from '../machine.ts';

export type ServiceState = Map<string, { running: boolean; enabled: boolean; masked: boolean }>;

/** The services port in memory, with systemd's habits. */
export function fakeServices(services: ServiceState): Services {
  const entry = (action: string, name: string) => {
    const service = services.get(plainName(name));
    if (service === undefined) throw serviceUnknown(action, name);
    return service;
  };
  const unmasked = (action: string, name: string) => {
    const service = entry(action, name);
    if (service.masked) throw serviceMasked(action, name);
    return service;
  };
  return {
    provider: 'systemd',
    async find(name) {
      const service = services.get(plainName(name));
      return service && { ...service };
    },
    list: async () => [...services.keys()].toSorted(),
    async start(name) {
      unmasked('start', name).running = true;
    },
    async stop(name) {
      entry('stop', name).running = false;
    },
    async restart(name) {
      unmasked('restart', name).running = true;
    },
    async reload(name) {
      if (!unmasked('reload', name).running) throw serviceFailed('reload', name, 'it is not running');
    },
    async enable(name) {
      unmasked('enable', name).enabled = true;
    },
    async disable(name) {
      entry('disable', name).enabled = false;
    },
    async mask(name) {
      const service = entry('mask', name);
      service.masked = true;
      service.enabled = false;
    },
    async unmask(name) {
      entry('unmask', name).masked = false;
    },
    reread: async () => {},
  };
}

/** `nginx.service` is `nginx`; units of another type keep theirs. */
export function plainName(name: string): string {
  return name.endsWith('.service') ? name.slice(0, -'.service'.length) : name;
}
