import { delay } from '#base/time.ts';
import { serviceFailed, serviceMasked, serviceUnknown } from '../errors.ts';
import type { CommandResult, ServiceStatus, Services, StartOptions } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';

/**
 * How long a service that cannot tell when it is ready is looked at: one that finds a mistake in its configuration, or its
 * port taken, dies within this.
 */
const lookMs = 800;
const pauseMs = 100;

/** Services with systemd; a bare name is a `.service`, other units are named with their type. */
export function systemdServices(tools: Tools, pause: (ms: number) => Promise<void> = delay): Services {
  const { files, commands, memory = noMemory } = tools;
  const systemctl = (...args: readonly string[]) =>
    commands.run(['systemctl', '--no-pager', '--no-ask-password', ...args], { env: { LC_ALL: 'C' } });

  async function show(name: string): Promise<Unit> {
    const unit = unitName(name);
    const result = await systemctl('show', `--property=${Object.values(properties).join(',')}`, '--', unit);
    if (result.code !== 0) throw failed('read', name, result);
    return parseShow(result.stdout);
  }

  /** The unit, with its files as they are now: systemd goes on with old definitions until it is told. */
  async function fresh(action: string, name: string): Promise<Unit> {
    const unit = await show(name);
    if (!unit.needsReread && unit.load !== 'not-found') return unit;
    await reread();
    const again = await show(name);
    if (again.load === 'not-found') throw serviceUnknown(action, name);
    return again;
  }

  /** What its file on the disk says by now, of a unit whose definition systemd has read before. */
  async function fileState(name: string): Promise<string> {
    return (await systemctl('is-enabled', '--', unitName(name))).stdout.trim().split('\n')[0] ?? '';
  }

  async function reread(): Promise<void> {
    const result = await systemctl('daemon-reload');
    if (result.code !== 0) throw failed('reread the definition of', 'systemd', result);
  }

  async function act(verb: string, name: string, { block = true }: StartOptions = {}): Promise<void> {
    const unit = await fresh(verb, name);
    if (unit.load === 'masked') throw serviceMasked(verb, name);
    const options = block ? [] : ['--no-block'];
    let result = await systemctl(verb, ...options, '--', unitName(name));
    // What failed too often is not even tried again, although the reason may be gone: ask for a clean slate, once.
    if (result.code !== 0 && (await show(name)).result === 'start-limit-hit') {
      await systemctl('reset-failed', '--', unitName(name));
      result = await systemctl(verb, ...options, '--', unitName(name));
    }
    if (result.code !== 0) throw failed(verb, name, result, await lastWords(name));
  }

  /** To start it is one thing, that it lives another: the manager answers as soon as there is a process. */
  async function begin(verb: 'start' | 'restart', name: string, options: StartOptions = {}): Promise<void> {
    await act(verb, name, options);
    if (options.block === false) return;
    let unit = await show(name);
    const { restarts } = unit;
    for (let looked = 0; !tellsWhenReady(unit) && !isOver(unit) && looked < lookMs; looked += pauseMs) {
      await pause(pauseMs);
      unit = await show(name);
    }
    if (isDead(unit) || unit.restarts !== restarts) throw died(verb, name, unit, await lastWords(name));
  }

  async function lastWords(name: string): Promise<string | undefined> {
    const journal = await commands
      .run(['journalctl', '--no-pager', '--quiet', '--lines=20', '--output=cat', '--unit', unitName(name)])
      .catch(() => undefined);
    return journal?.stdout;
  }

  async function configure(verb: string, name: string, ...options: readonly string[]): Promise<void> {
    const unit = await fresh(verb, name);
    if (verb === 'enable' && unit.load === 'masked') throw serviceMasked(verb, name);
    // Links are made for the unit itself: of a name that is only another for it, systemctl refuses to make any.
    const result = await systemctl(verb, ...options, '--', unit.id || unitName(name));
    if (result.code !== 0) throw failed(verb, name, result);
  }

  return {
    provider: 'systemd',

    find: (name) =>
      memory.recall(`systemd ${unitName(name)}`, async () => {
        const loaded = await show(name);
        if (loaded.load === 'not-found') return undefined;
        const unit = loaded.needsReread ? { ...loaded, file: await fileState(name) } : loaded;
        const links = unit.file === 'generated' ? await startLinks(files, plain(name)) : undefined;
        return statusOf(unit, links);
      }),

    async list() {
      const installed = await systemctl('list-unit-files', '--type=service', '--no-legend', '--plain');
      const loaded = await systemctl('list-units', '--all', '--type=service', '--no-legend', '--plain');
      const known = parseUnits(`${installed.stdout}\n${loaded.stdout}`);
      return known.toSorted();
    },

    start: (name, options) => begin('start', name, options),
    restart: (name, options) => begin('restart', name, options),
    reload: (name) => act('reload', name),

    async stop(name, { block = true } = {}) {
      if ((await show(name)).load === 'not-found') throw serviceUnknown('stop', name);
      const result = await systemctl('stop', ...(block ? [] : ['--no-block']), '--', unitName(name));
      if (result.code !== 0) throw failed('stop', name, result);
    },

    enable: (name) => configure('enable', name),
    disable: (name) => configure('disable', name),

    async mask(name, { runtime = false } = {}) {
      await fresh('mask', name);
      // A masked unit can no longer be disabled: first the links, then the mask. After a boot they shall be there again.
      if (!runtime) await systemctl('disable', '--', unitName(name));
      const result = await systemctl('mask', ...onlyNow(runtime), '--', unitName(name));
      if (result.code !== 0) throw failed('mask', name, result);
    },

    unmask: (name, { runtime = false } = {}) => configure('unmask', name, ...onlyNow(runtime)),
    reread,
  };
}

interface Unit {
  /** Its own name, whichever it was asked for by. */
  readonly id: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly type: string;
  /** How often the manager has started it anew by itself. */
  readonly restarts: string;
  /** Exit code of its main process. */
  readonly exit: string;
  readonly file: string;
  readonly needsReread: boolean;
  readonly result: string;
  /** Whether a oneshot counts as running once its work is done. */
  readonly remains: boolean;
}

const properties = {
  id: 'Id',
  load: 'LoadState',
  active: 'ActiveState',
  sub: 'SubState',
  type: 'Type',
  restarts: 'NRestarts',
  exit: 'ExecMainStatus',
  file: 'UnitFileState',
  needsReread: 'NeedDaemonReload',
  result: 'Result',
  remains: 'RemainAfterExit',
};

/** `systemctl show`: one `Key=value` a line. */
export function parseShow(text: string): Unit {
  const values = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
  const of = (key: string) => values.get(key) ?? '';
  return {
    id: of(properties.id),
    load: of(properties.load),
    active: of(properties.active),
    sub: of(properties.sub),
    type: of(properties.type),
    restarts: of(properties.restarts),
    exit: of(properties.exit),
    file: of(properties.file),
    needsReread: of(properties.needsReread) === 'yes',
    result: of(properties.result),
    remains: of(properties.remains) === 'yes',
  };
}

/** Names in the first column, without templates, which are no services until they are given an instance. */
export function parseUnits(text: string): readonly string[] {
  const units = [...text.matchAll(/^\s*(\S+)\.service\s+(\S+)/gm)];
  const known = units.filter(([, name = '', load]) => !name.endsWith('@') && load !== 'not-found');
  return [...new Set(known.map(([, name = '']) => name))];
}

/** `startLinks` stands in for a unit generated from an init script, which systemd itself cannot enable. */
export function statusOf(unit: Unit, startLinks?: boolean): ServiceStatus {
  const { load, active, file, type, remains } = unit;
  const isMasked = load === 'masked' || file.startsWith('masked');
  const isFixed = /^(static|indirect|transient|generated)/.test(file) && startLinks === undefined;
  return {
    running: active === 'active' || active === 'reloading' || active === 'refreshing',
    // A static unit needs no enabling: others bring it in. To say "not enabled" would ask for what cannot be done.
    enabled: !isMasked && (startLinks ?? (isFixed || /^(enabled|alias)/.test(file))),
    masked: isMasked,
    ...(isFixed && !isMasked ? { fixed: true } : {}),
    ...(type === 'oneshot' && !remains ? { ends: true } : {}),
  };
}

/** Of these types, the answer to a start says that they are ready, or done. */
function tellsWhenReady({ type }: Unit): boolean {
  return !['simple', 'exec', 'idle'].includes(type);
}

function isOver({ active, sub }: Unit): boolean {
  return active === 'failed' || active === 'inactive' || sub === 'auto-restart';
}

/** One that is over, and well, is not: whoever wants it running must look. */
function isDead({ active, sub, result }: Unit): boolean {
  return active === 'failed' || sub === 'auto-restart' || (active === 'inactive' && !['success', ''].includes(result));
}

function onlyNow(runtime: boolean): readonly string[] {
  return runtime ? ['--runtime'] : [];
}

function died(verb: string, name: string, { result, exit }: Unit, journal: string | undefined): Error {
  const how = result === 'success' || result === 'exit-code' ? `exit code ${exit}` : result;
  const log = journal === undefined ? {} : { journal };
  return serviceFailed(verb, name, `it died a moment later (${how})`, { result, exitcode: exit, ...log });
}

async function startLinks(files: Tools['files'], name: string): Promise<boolean | undefined> {
  if (!(await files.stat(`/etc/init.d/${name}`))) return undefined;
  const names = (await files.list('/etc/rc3.d')) ?? [];
  return names.some((each) => /^S\d\d/.test(each) && each.slice(3) === name);
}

function unitName(name: string): string {
  const hasType = /\.(service|socket|timer|target|path|mount|automount|swap|slice|scope|device)$/.test(name);
  return hasType ? name : `${name}.service`;
}

function plain(name: string): string {
  return name.replace(/\.service$/, '');
}

function failed(action: string, name: string, { code, stdout, stderr }: CommandResult, journal?: string): Error {
  const reason = stderr.trim().split('\n')[0] || `exit code ${code}`;
  const log = journal === undefined ? {} : { journal };
  return serviceFailed(action, name, reason, { stdout, stderr, exitcode: String(code), ...log });
}
