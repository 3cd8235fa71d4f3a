import { delay } from '#base/time.ts';
import { serviceFailed, serviceUnknown } from '../errors.ts';
import type { CommandResult, Services } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** A service that finds a mistake in its configuration dies within this. */
const lookMs = 800;

/** Services with OpenRC, as on Alpine and Gentoo. */
export function openrcServices({ files, commands }: Tools, pause: (ms: number) => Promise<void> = delay): Services {
  const known = async (action: string, name: string) => {
    if (!(await files.stat(script(name)))) throw serviceUnknown(action, name);
  };
  const status = async (name: string) => (await commands.run(['rc-service', plain(name), 'status'])).code;

  async function act(verb: string, name: string, ...flags: readonly string[]): Promise<void> {
    await known(verb, name);
    const result = await commands.run(['rc-service', ...flags, plain(name), verb]);
    if (result.code !== 0) throw failed(verb, name, result);
  }

  /** 32 is "crashed": there was a process, and it is gone. */
  async function stays(verb: string, name: string): Promise<void> {
    await pause(lookMs);
    if ((await status(name)) === 32) throw serviceFailed(verb, name, 'it died a moment later');
  }

  async function levels(): Promise<ReadonlyMap<string, readonly string[]>> {
    return parseLevels((await commands.run(['rc-update', 'show'])).stdout);
  }

  return {
    provider: 'openrc',

    async find(name) {
      if (!(await files.stat(script(name)))) return undefined;
      const enabled = ((await levels()).get(plain(name)) ?? []).length > 0;
      return { running: (await status(name)) === 0, enabled, masked: false };
    },

    async list() {
      const result = await commands.run(['rc-service', '--list']);
      return result.stdout
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean)
        .toSorted();
    },

    async start(name) {
      await known('start', name);
      // 32 is "crashed": OpenRC refuses to start what it believes to run.
      if ((await status(name)) === 32) await commands.run(['rc-service', plain(name), 'zap']);
      await act('start', name, '--ifnotstarted');
      await stays('start', name);
    },

    stop: (name) => act('stop', name, '--ifstarted'),

    async restart(name) {
      await act('restart', name);
      await stays('restart', name);
    },

    async reload(name) {
      await known('reload', name);
      if ((await status(name)) !== 0) throw serviceFailed('reload', name, 'it is not running');
      await act('reload', name);
    },

    async enable(name) {
      await known('enable', name);
      if (((await levels()).get(plain(name)) ?? []).length > 0) return;
      const result = await commands.run(['rc-update', 'add', plain(name), 'default']);
      if (result.code !== 0) throw failed('enable', name, result);
    },

    async disable(name) {
      await known('disable', name);
      for (const level of (await levels()).get(plain(name)) ?? []) {
        const result = await commands.run(['rc-update', 'del', plain(name), level]);
        if (result.code !== 0) throw failed('disable', name, result);
      }
    },

    async mask(name) {
      throw serviceFailed('mask', name, 'OpenRC cannot mask services');
    },
    unmask: (name) => known('unmask', name),
    reread: async () => {},
  };
}

/** `rc-update show`: `name | level level`; services in no level are not listed. */
export function parseLevels(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.matchAll(/^\s*(\S+) \|(.*)$/gm);
  return new Map([...lines].map(([, name = '', levels = '']) => [name, levels.split(/\s+/).filter(Boolean)]));
}

function plain(name: string): string {
  return name.replace(/\.service$/, '');
}

function script(name: string): string {
  return `/etc/init.d/${plain(name)}`;
}

function failed(action: string, name: string, { code, stdout, stderr }: CommandResult): Error {
  const reason =
    (stderr || stdout)
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^\s*\*\s*/, '') || `exit code ${code}`;
  return serviceFailed(action, name, reason, { stdout, stderr, exitcode: String(code) });
}
