import { packagesContract } from '#machine/packages/contract.ts';
import { dnfHost, packageFiles, pacmanHost, zypperHost } from './foreign.ts';
import { hostMachine } from './machine.ts';
import { skipReason } from './probe.ts';

// Asked for, since it downloads some hundred megabytes and takes half a minute.
const isAsked = process.env.ZESTER_HOSTS_TOOLS !== undefined;
const skip = await skipReason('plain', !isAsked && 'set ZESTER_HOSTS_TOOLS to install them from the mirror');

const tools = [
  { name: 'dnf', start: dnfHost, file: packageFiles.rpm, traits: { cannotHold: true } },
  { name: 'zypper', start: zypperHost, file: packageFiles.rpm, traits: {} },
  { name: 'pacman', start: pacmanHost, file: packageFiles.pacman, traits: { hasOnlyNewest: true } },
];

for (const { name, start, file, traits } of tools) {
  // Out here, where no test's time limit counts.
  const host = skip === false ? await start() : undefined;
  const open = async () => {
    if (host === undefined) throw new TypeError('There is no host for a test that was skipped');
    return {
      packages: hostMachine(host).packages,
      version: (written: string) => `${written}-1`,
      file,
      ...traits,
      [Symbol.asyncDispose]: () => host.kill(),
    };
  };
  packagesContract(`${name}, on a copy of this machine`, open, { skip });
}
