import { readFileSync } from 'node:fs';

/** Those of the runtime's own modules that are used here. */
interface Runtime {
  gc(force: boolean): void;
  shrink?(): void;
}

interface Ffi {
  dlopen(
    library: string,
    symbols: Readonly<Record<string, { readonly args: readonly string[]; readonly returns: string }>>,
  ): { readonly symbols: Readonly<Record<string, (...args: readonly unknown[]) => number>>; close(): void };
}

const firstAfterMs = 10_000;
const everyMs = 300_000;
const dontNeed = 4;

/**
 * Gives back what start-up and busy times took, while an agent idles: garbage, compiled code that nobody runs, and the
 * mappings of the executable's code. Those pages stay in the system's cache and come back one by one when they are
 * called; without this a third of the runtime stays mapped for ever because it was run once. Linux only.
 */
export function giveBackWhenIdle(): void {
  const repeat = () => {
    giveBack();
    setTimeout(repeat, everyMs).unref();
  };
  setTimeout(repeat, firstAfterMs).unref();
}

function giveBack(): void {
  const { Bun: runtime } = globalThis as unknown as { Bun?: Runtime };
  if (runtime === undefined || process.platform !== 'linux') return;
  const T = performance.now();
  runtime.gc(true);
  runtime.shrink?.();
  const T2 = performance.now();
  try {
    unmapCode();
    if (process.env.GBT) process.stderr.write(`GB ${T2 - T} ${performance.now() - T2}\n`);
  } catch {
    // Another libc, or a machine that forbids compiling at run time: it costs memory, nothing else.
  }
}

function unmapCode(): void {
  const ffi = process.getBuiltinModule('bun:ffi') as Ffi | undefined;
  const libc = ffi?.dlopen('libc.so.6', {
    madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
  });
  for (const [start, end] of untouched(process.execPath)) libc?.symbols.madvise?.(start, end - start, dontNeed);
  libc?.close();
}

/** What is mapped of a program and was never written to: its code and constants. Dropping anything else would lose it. */
function untouched(path: string): (readonly [start: bigint, end: bigint])[] {
  const areas = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return areas.flatMap((area) => {
    const [, start, end, file] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.+)/.exec(area) ?? [];
    const isClean = file === path && /^Anonymous: +0 kB$/m.test(area);
    return isClean ? [[BigInt(`0x${start}`), BigInt(`0x${end}`)] as const] : [];
  });
}
