import { ZesterError } from '#base/errors.ts';

interface Libc {
  flock(file: number, operation: number): number;
}

interface Ffi {
  dlopen(library: string, symbols: Readonly<Record<string, unknown>>): { readonly symbols: Libc };
}

const exclusiveNow = 2 | 4;

/** True when the kernel gave us the lock; it takes it back when the process ends, however that happens. */
export function lock(file: number): boolean {
  libc ??= openLibc();
  return libc.flock(file, exclusiveNow) === 0;
}

let libc: Libc | undefined;

const libraries = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1', '/usr/lib/libSystem.B.dylib'];

function openLibc(): Libc {
  const ffi = process.getBuiltinModule('bun:ffi') as Ffi;
  for (const library of libraries) {
    try {
      return ffi.dlopen(library, { flock: { args: ['i32', 'i32'], returns: 'i32' } }).symbols;
    } catch {
      // Each system has its own name for it.
    }
  }
  throw new ZesterError('machine', 'LOCK_UNAVAILABLE', 'Cannot lock a file: no C library was found', {
    hint: `Looked for ${libraries.join(', ')}; a run with "concurrent=true" does without the lock`,
  });
}
