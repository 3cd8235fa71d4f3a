import { readFileSync } from 'node:fs';

const firstAfterMs = 10_000;
const everyMs = 30_000;
/** Collecting costs more than the rest, and an idle agent makes little garbage. */
const collectEvery = 10;

/**
 * Gives back what start-up and busy times took, while an agent idles: garbage, compiled code that nobody runs, and the
 * mappings of the executable itself. Those pages stay in the system's cache and come back when they are called, so it
 * costs 3 ms a time; without it two thirds of what is resident is code that ran once. Linux with glibc only.
 */
export function releaseMemoryWhenIdle(): void {
  if (process.platform !== 'linux') return;
  const unmap = unmapping();
  let turn = 0;
  const release = () => {
    if (turn++ % collectEvery === 0) collect();
    unmap();
    setTimeout(release, everyMs).unref();
  };
  setTimeout(release, firstAfterMs).unref();
}

interface Runtime {
  gc(force: boolean): void;
  shrink(): void;
}

function collect(): void {
  const { Bun: runtime } = globalThis as unknown as { Bun?: Runtime };
  runtime?.gc(true);
  runtime?.shrink();
}

interface Ffi {
  dlopen(
    library: string,
    symbols: { readonly madvise: { readonly args: readonly string[]; readonly returns: string } },
  ): { readonly symbols: { madvise(start: bigint, length: bigint, advice: number): number } };
}

const dontNeed = 4;

/** Drops the mappings of the executable; nothing where that cannot be done. */
function unmapping(): () => void {
  let madvise: ReturnType<Ffi['dlopen']>['symbols']['madvise'] | undefined;
  return () => {
    try {
      madvise ??= (process.getBuiltinModule('bun:ffi') as Ffi).dlopen('libc.so.6', {
        madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
      }).symbols.madvise;
      for (const { start, end } of unwritten(process.execPath)) madvise(start, end - start, dontNeed);
    } catch {
      // Another libc, or a machine that forbids compiling at run time: it costs memory, nothing else.
    }
  };
}

/** What is mapped of a program, cannot be written to and never was: dropping anything else would lose it. */
function unwritten(path: string): { readonly start: bigint; readonly end: bigint }[] {
  const areas = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return areas.flatMap((area) => {
    const [, start, end, file] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.+)/.exec(area) ?? [];
    const isClean = file === path && /^Anonymous: +0 kB$/m.test(area);
    return isClean ? [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }] : [];
  });
}
