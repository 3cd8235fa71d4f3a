import * as fs from 'node:fs';
import { join } from 'node:path';
import { accountsContract } from '#machine/users/contract.ts';
import { type Host, throwAwayHost } from './host.ts';
import { hostMachine } from './machine.ts';
import { skipReason } from './probe.ts';

/** A static BusyBox with the applets of Alpine; Debian builds its own without `adduser`. */
const busybox = process.env.ZESTER_BUSYBOX;

accountsContract(
  'BusyBox, on a copy of this machine',
  async () => {
    const host = await throwAwayHost({ name: 'busybox' });
    await asAlpine(host, busybox ?? '');
    return { ...hostMachine(host), [Symbol.asyncDispose]: () => host.kill() };
  },
  {
    skip: await skipReason('plain', busybox === undefined && 'set ZESTER_BUSYBOX to a static BusyBox with adduser'),
  },
);

/** BusyBox in place of every tool for accounts. */
async function asAlpine(host: Host, program: string): Promise<void> {
  fs.copyFileSync(program, join(host.root, 'usr/bin/busybox'));
  fs.chmodSync(join(host.root, 'usr/bin/busybox'), 0o755);
  const tools = ['useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'gpasswd', 'adduser', 'addgroup'];
  const script = [
    `for each in ${tools.join(' ')} deluser delgroup chpasswd; do rm -f /usr/sbin/$each /usr/bin/$each; done`,
    'for each in adduser addgroup deluser delgroup chpasswd; do ln -s /bin/busybox /usr/sbin/$each; done',
    'rm -f /etc/gshadow',
  ];
  await host.run(['sh', '-c', script.join('; ')]);
}
