import { serviceFailed, serviceUnknown } from '../errors.ts';
import type { CommandResult, Services } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** Names in `/etc/init.d` that are no services. */
const noServices =
  /^(README|skeleton|rc|rcS|rc\.local|functions|halt|reboot|single|sendsigs|umount.*|\..*|.*\.dpkg-\w+)$/;

/** Run levels in which a machine serves people. */
const servingLevels = [2, 3, 4, 5];

/** Services with plain init scripts: containers without an init system, and old distributions. */
export function sysvServices({ files, commands }: Tools): Services {
  const known = async (action: string, name: string) => {
    if (!(await files.stat(script(name)))) throw serviceUnknown(action, name);
  };
  // 0 runs, 3 does not; scripts without a status answer in their own way, and count as not running.
  const isRunning = async (name: string) => (await commands.run([script(name), 'status'])).code === 0;

  async function act(verb: string, name: string): Promise<void> {
    await known(verb, name);
    const result = await commands.run([script(name), verb]);
    if (result.code !== 0) throw failed(verb, name, result);
  }

  async function isEnabled(name: string): Promise<boolean> {
    for (const level of servingLevels) {
      // Red Hat keeps the folders one deeper.
      const names = (await files.list(`/etc/rc${level}.d`)) ?? (await files.list(`/etc/rc.d/rc${level}.d`)) ?? [];
      if (names.some((each) => /^S\d\d/.test(each) && each.slice(3) === plain(name))) return true;
    }
    return false;
  }

  /** Debian's tool, else Red Hat's. */
  async function configure(action: 'enable' | 'disable', name: string): Promise<void> {
    await known(action, name);
    const hasUpdate = (await commands.which('update-rc.d')) !== undefined;
    if (hasUpdate && action === 'enable') await commands.run(['update-rc.d', plain(name), 'defaults']);
    const argv = hasUpdate
      ? (['update-rc.d', plain(name), action] as const)
      : (['chkconfig', plain(name), action === 'enable' ? 'on' : 'off'] as const);
    const result = await commands.run(argv);
    if (result.code !== 0) throw failed(action, name, result);
  }

  return {
    provider: 'sysv',

    async find(name) {
      if (!(await files.stat(script(name)))) return undefined;
      return { running: await isRunning(name), enabled: await isEnabled(name), masked: false };
    },

    list: async () => ((await files.list('/etc/init.d')) ?? []).filter((name) => !noServices.test(name)),

    async start(name) {
      await known('start', name);
      if (!(await isRunning(name))) await act('start', name);
    },
    stop: (name) => act('stop', name),
    restart: (name) => act('restart', name),

    async reload(name) {
      await known('reload', name);
      if (!(await isRunning(name))) throw serviceFailed('reload', name, 'it is not running');
      await act('reload', name);
    },

    enable: (name) => configure('enable', name),
    disable: (name) => configure('disable', name),

    async mask(name) {
      throw serviceFailed('mask', name, 'init scripts cannot be masked');
    },
    unmask: (name) => known('unmask', name),
    reread: async () => {},
  };
}

function plain(name: string): string {
  return name.replace(/\.service$/, '');
}

function script(name: string): `/etc/init.d/${string}` {
  return `/etc/init.d/${plain(name)}`;
}

function failed(action: string, name: string, { code, stdout, stderr }: CommandResult): Error {
  const reason = (stderr || stdout).trim().split('\n').at(-1) || `exit code ${code}`;
  return serviceFailed(action, name, reason, { stdout, stderr, exitcode: String(code) });
}
