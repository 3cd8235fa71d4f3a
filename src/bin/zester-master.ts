import { runDaemon } from '#base/daemon.ts';
import { daemonPatienceMs, exitAfter } from '#base/program.ts';
import { runMaster } from '#master/boot.ts';
import { masterOptions } from '#master/options.ts';

const daemon = {
  program: 'zester-master',
  component: 'master',
  options: masterOptions,
  configPath: '/etc/zester/master.yaml',
  run: runMaster,
};

void exitAfter(runDaemon(daemon, process.argv.slice(2)), { patienceMs: daemonPatienceMs });
