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
  runtime.gc(true);
  runtime.shrink?.();
  try {
    unmapCode();
  } catch {
    // Another libc, or a machine that forbids compiling at run time: it costs memory, nothing else.
  }
}

function unmapCode(): void {
  const ffi = process.getBuiltinModule('bun:ffi') as Ffi | undefined;
  const libc = ffi?.dlopen('libc.so.6', {
    madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
  });
  for (const [start, end] of codeOf(process.execPath)) libc?.symbols.madvise?.(start, end - start, dontNeed);
  libc?.close();
}

/** Where the code of a program is mapped in this process: read-only, private, and never written to. */
function codeOf(path: string): (readonly [start: bigint, end: bigint])[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const lines = maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \d+ +(.+)$/gm);
  return [...lines].flatMap(([, start, end, file]) =>
    file === path ? [[BigInt(`0x${start}`), BigInt(`0x${end}`)] as const] : [],
  );
}
