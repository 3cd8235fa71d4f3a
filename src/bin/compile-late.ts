import { build } from '#base/version.ts';

/**
 * How often code runs before the runtime compiles it to machine code, and before it optimises that: ten times as often.
 * And how much is allocated before garbage is collected: more than such a run makes.
 */
const late: Readonly<Record<string, string>> = {
  BUN_JSC_thresholdForJITAfterWarmUp: '5000',
  BUN_JSC_thresholdForJITSoon: '2000',
  BUN_JSC_thresholdForOptimizeAfterWarmUp: '20000',
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: '20000',
  BUN_JSC_thresholdForOptimizeSoon: '20000',
  BUN_JSC_mediumHeapSize: String(64 * 1024 * 1024),
  BUN_JSC_largeHeapSize: String(64 * 1024 * 1024),
};

/**
 * For a program that mostly lives a tenth of a second: a third of its processor time would go into compiling code that
 * then hardly runs. The runtime takes such wishes from its environment only, at its start; so the process becomes the
 * same program once more, which costs 5 ms. One that runs on and on is compiled all the same. Only as built: the names
 * of the wishes belong to the runtime inside the executable.
 */
export function compileLate(): void {
  const { execve, env, execPath, argv, argv0 } = process;
  const isSet = Object.keys(late).some((name) => env[name] !== undefined);
  // Whatever we start may have another runtime, which would refuse them.
  if (isSet) for (const name of Object.keys(late)) delete env[name];
  if (isSet || build.commit === 'source' || execve === undefined) return;
  try {
    execve(execPath, [argv0, ...argv.slice(2)], { ...env, ...late });
  } catch {
    // Then it runs as it is.
  }
}
