import * as fs from 'node:fs';
import { join } from 'node:path';
import { servicesContract } from '#machine/services/contract.ts';
import { type Host, throwAwayHost } from './host.ts';
import { hostMachine } from './machine.ts';
import { skipReason } from './probe.ts';

servicesContract(
  'systemd, on a Debian of its own',
  async () => {
    const host = await throwAwayHost({ name: 'systemd', systemd: true });
    writeUnit(host, 'zt-svc', '/bin/sleep 1000000');
    writeUnit(host, 'zt-broken', '/bin/sh -c "sleep 0.3; echo zt-last-words; exit 3"');
    writeUnit(host, 'zt-once', '/bin/true', 'Type=oneshot');
    return {
      services: hostMachine(host).services,
      canMask: true,
      hasBroken: true,
      addService: async () => writeUnit(host, 'zt-new', '/bin/sleep 1000000'),
      [Symbol.asyncDispose]: () => host.kill(),
    };
  },
  { skip: await skipReason('systemd') },
);

servicesContract(
  'init scripts, on a copy of this machine',
  async () => {
    const host = await throwAwayHost({ name: 'sysv' });
    writeScript(host, 'zt-svc');
    return { services: hostMachine(host).services, canMask: false, [Symbol.asyncDispose]: () => host.kill() };
  },
  { skip: await skipReason('plain', !fs.existsSync('/etc/init.d') && 'this machine has no /etc/init.d') },
);

function writeUnit(host: Host, name: string, command: string, type = 'ExecReload=/bin/true'): void {
  const unit = [
    '[Unit]',
    'Description=a service for tests',
    '[Service]',
    type,
    `ExecStart=${command}`,
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  // Not below /lib, which is a symlink: an absolute one would lead out of the host. And not where `mask` puts its own.
  fs.writeFileSync(join(host.root, `usr/lib/systemd/system/${name}.service`), unit.join('\n'));
}

function writeScript(host: Host, name: string): void {
  const script = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: a service for tests
### END INIT INFO
pidfile=/run/${name}.pid
case $1 in
  start) start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile $pidfile --exec /bin/sleep -- 1000000 ;;
  stop) start-stop-daemon --stop --quiet --oknodo --retry 5 --pidfile $pidfile --remove-pidfile ;;
  restart) $0 stop && $0 start ;;
  reload) start-stop-daemon --status --pidfile $pidfile ;;
  status) start-stop-daemon --status --pidfile $pidfile ;;
  *) exit 2 ;;
esac
`;
  fs.writeFileSync(join(host.root, `etc/init.d/${name}`), script, { mode: 0o755 });
}
