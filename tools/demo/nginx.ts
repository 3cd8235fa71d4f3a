import type { Host } from '../../test/hosts/host.ts';
import { debRepository } from '../../test/hosts/repository.ts';

/** Seconds that a package mirror may take before the demo does without it. */
const patience = 45;

/**
 * What the machine's apt can install as nginx: the real thing when a mirror answers; else a package of that name made
 * here, with a small server that reads the same configuration. Undefined on a machine without apt.
 */
export async function offerNginx(
  host: Host,
): Promise<{ readonly package: string; readonly real: boolean } | undefined> {
  if ((await host.run(['sh', '-c', 'command -v apt-get'])).code !== 0) return undefined;
  const fetch = `timeout ${patience} sh -c 'apt-get update -qq && apt-get install -y -qq --download-only nginx-light'`;
  const { code } = await host.run(['sh', '-c', `DEBIAN_FRONTEND=noninteractive ${fetch}`]);
  if (code === 0) return { package: 'nginx-light', real: true };
  await debRepository(host, [
    {
      name: 'nginx',
      version: '1.0',
      files: {
        '/usr/sbin/nginx': server,
        '/etc/init.d/nginx': service,
        '/etc/nginx/sites-enabled/default': '# the default site\n',
      },
      scripts: { postinst: '#!/bin/sh\nchmod 755 /usr/sbin/nginx /etc/init.d/nginx\n' },
    },
  ]);
  await host.run(['apt-get', 'update', '-qq']);
  return { package: 'nginx', real: false };
}

const server = `#!${process.execPath}
const { readFileSync } = require('node:fs');
const conf = readFileSync('/etc/nginx/conf.d/zester.conf', 'utf8');
const [, port] = /listen 127.0.0.1:(\\d+)/.exec(conf);
const [, root] = /root (.*);/.exec(conf);
require('node:http').createServer((_, answer) => answer.end(readFileSync(root + '/index.html'))).listen(Number(port), '127.0.0.1');
`;

const service = `#!/bin/sh
### BEGIN INIT INFO
# Provides: nginx
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
pid=/run/nginx.pid
running() { [ -f $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case "$1" in
  start) running || { setsid /usr/sbin/nginx >/dev/null 2>&1 </dev/null & echo $! > $pid; } ;;
  stop) running && kill "$(cat $pid)"; rm -f $pid ;;
  restart|force-reload|reload) "$0" stop; "$0" start ;;
  status) if running; then echo running; else echo stopped; exit 3; fi ;;
esac
`;
