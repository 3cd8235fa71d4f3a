import { realCommands } from '#machine/commands.ts';
import { commandUnknown } from '#machine/errors.ts';
import { realFiles } from '#machine/files.ts';
import type { Commands, Machine } from '#machine/machine.ts';
import { aboutFolder, composedMachine } from '#machine/real.ts';
import type { Host } from './host.ts';

/** The machine inside a host, worked from out here: real files and real programs, through the host's namespaces. */
export function hostMachine(host: Host): Machine {
  return composedMachine({
    files: realFiles({ root: host.root }),
    commands: hostCommands(host),
    about: aboutFolder(host.root),
  });
}

function hostCommands(host: Host): Commands {
  const outside = realCommands();
  return {
    async run(argv, { cwd, env, user, umask, ...options } = {}) {
      const masked = umask === undefined ? argv : ['sh', '-c', `umask ${umask.toString(8)}; exec "$@"`, 'sh', ...argv];
      const inner = user === undefined ? masked : ['runuser', '--user', user, '--', ...masked];
      const result = await outside.run(host.enter(inner, { ...(cwd && { cwd }), ...(env && { env }) }), options);
      // What `env` answers for a program that is not there; one that is may answer so as well, but none here does.
      if (result.code === 127 && /^env: /.test(result.stderr)) throw commandUnknown(argv[0]);
      return result;
    },
    async which(program) {
      const { code, stdout } = await host.run(['sh', '-c', 'command -v "$1"', 'sh', program]);
      return code === 0 ? stdout.trim() : undefined;
    },
  };
}
