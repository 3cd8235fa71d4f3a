import { runDaemon } from '#base/daemon.ts';
import { daemonPatienceMs, exitAfter } from '#base/program.ts';
import { compileLate } from './compile-late.ts';
import { releaseMemoryWhenIdle } from './release-memory.ts';

// The resident peel loads nothing of the engine: the other roles bring it in when they are asked for.
const [role, ...rest] = process.argv.slice(2);

const isForPeople = role === 'check' || role === 'apply';

void exitAfter(start(), isForPeople ? {} : { patienceMs: daemonPatienceMs });

async function start(): Promise<number> {
  switch (role) {
    case 'runner':
    case 'call': {
      const { startRunner } = await import('#peel/runner/main.ts');
      return startRunner(role, rest);
    }
    case 'check':
    case 'apply': {
      compileLate();
      const { runLocal } = await import('#peel/runner/local.ts');
      return runLocal(role, rest);
    }
    default: {
      const [{ runPeel }, { peelOptions }] = await Promise.all([
        import('#peel/resident/boot.ts'),
        import('#peel/resident/options.ts'),
      ]);
      const daemon = {
        program: 'zester-peel',
        component: 'peel',
        options: peelOptions,
        configPath: '/etc/zester/peel.yaml',
        run: runPeel,
      };
      releaseMemoryWhenIdle();
      return runDaemon(daemon, process.argv.slice(2));
    }
  }
}
