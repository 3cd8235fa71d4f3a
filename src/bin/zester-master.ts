import { runDaemon } from '#base/daemon.ts';
import { runMaster } from '#master/boot.ts';
import { masterOptions } from '#master/options.ts';

void runDaemon(
  {
    program: 'zester-master',
    component: 'master',
    options: masterOptions,
    configPath: '/etc/zester/master.yaml',
    run: runMaster,
  },
  process.argv.slice(2),
).then((code) => process.exit(code));
