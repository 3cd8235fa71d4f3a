import { serviceFailed, serviceMasked, serviceUnknown } from '../errors.ts';
import type { Services } from '../machine.ts';

export type ServiceState = Map<
  string,
  {
    running: boolean;
    enabled: boolean;
    masked: boolean;
    readonly fixed: boolean;
    readonly start: 'runs' | 'dies' | 'ends';
  }
>;

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
  const started = async (action: string, name: string) => {
    const service = unmasked(action, name);
    service.running = service.start === 'runs';
    if (service.start === 'dies') throw serviceFailed(action, name, 'it died');
  };
  return {
    provider: 'systemd',
    async find(name) {
      const service = services.get(plainName(name));
      if (service === undefined) return undefined;
      const { running, enabled, masked, fixed, start } = service;
      const kind = { ...(fixed ? { fixed } : {}), ...(start === 'ends' ? { ends: true } : {}) };
      return { running, enabled: (enabled || fixed) && !masked, masked, ...kind };
    },
    list: async () => [...services.keys()].toSorted(),
    start: (name) => started('start', name),
    async stop(name) {
      entry('stop', name).running = false;
    },
    restart: (name) => started('restart', name),
    async reload(name) {
      if (!unmasked('reload', name).running) throw serviceFailed('reload', name, 'it is not running');
    },
    async enable(name) {
      unmasked('enable', name).enabled = true;
    },
    async disable(name) {
      entry('disable', name).enabled = false;
    },
    async mask(name, { runtime = false } = {}) {
      const service = entry('mask', name);
      service.masked = true;
      // Until the next boot it only hides that it is enabled.
      if (!runtime) service.enabled = false;
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
