import { serviceFailed, serviceMasked, serviceUnknown } from '../errors.ts';
import type { Files, ServiceStatus, Services } from '../machine.ts';
import { type Ledger, readOnly } from './ledger.ts';

export interface SupposedServices {
  readonly services: Services;
  doneBy(author: string): Services;
}

/** Where a definition that a run wrote makes a service known. */
const definitions: Readonly<Record<string, readonly string[]>> = {
  systemd: ['/etc/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'],
  openrc: ['/etc/init.d'],
  sysv: ['/etc/init.d'],
};

const stopped: ServiceStatus = { running: false, enabled: false, masked: false };

/** Services as they are supposed to be told to be; one whose definition is supposed to be there is known, and stopped. */
export function supposedServices(base: Services, files: Files, ledger: Ledger): SupposedServices {
  const told = new Map<string, ServiceStatus>();

  async function find(name: string): Promise<ServiceStatus | undefined> {
    return told.get(plainName(name)) ?? (await base.find(name)) ?? ((await isDefined(name)) ? stopped : undefined);
  }

  async function isDefined(name: string): Promise<boolean> {
    const folders = definitions[base.provider] ?? [];
    const file = base.provider === 'systemd' && !/\.[a-z]+$/.test(name) ? `${name}.service` : name;
    for (const folder of folders) if (await files.stat(`${folder}/${file}`)) return true;
    return false;
  }

  const services: Services = {
    get provider() {
      return base.provider;
    },
    find,
    list: async () => [...new Set([...(await base.list()), ...told.keys()])].toSorted(),
    start: readOnly,
    stop: readOnly,
    restart: readOnly,
    reload: readOnly,
    enable: readOnly,
    disable: readOnly,
    mask: readOnly,
    unmask: readOnly,
    reread: readOnly,
  };

  function doneBy(author: string): Services {
    const tell = async (action: string, name: string, change: Partial<ServiceStatus>) => {
      const status = await find(name);
      if (status === undefined) throw serviceUnknown(action, name);
      if (change.running && status.masked) throw serviceMasked(action, name);
      if (change.enabled && status.masked) throw serviceMasked(action, name);
      if (Object.entries(change).every(([key, value]) => status[key as keyof ServiceStatus] === value)) return;
      told.set(plainName(name), { ...status, ...change });
      ledger.changed('service', plainName(name), author);
    };
    return {
      ...services,
      get provider() {
        return base.provider;
      },
      start: (name) => tell('start', name, { running: true }),
      stop: (name) => tell('stop', name, { running: false }),
      restart: (name) => tell('restart', name, { running: true }),
      async reload(name) {
        await tell('reload', name, {});
        if ((await find(name))?.running !== true) throw serviceFailed('reload', name, 'it is not running');
      },
      enable: (name) => tell('enable', name, { enabled: true }),
      disable: (name) => tell('disable', name, { enabled: false }),
      mask: (name) => tell('mask', name, { masked: true, enabled: false }),
      unmask: (name) => tell('unmask', name, { masked: false }),
      reread: async () => {},
    };
  }

  return { services, doneBy };
}

/** `nginx.service` is `nginx`; units of another type keep theirs. */
function plainName(name: string): string {
  return name.endsWith('.service') ? name.slice(0, -'.service'.length) : name;
}
