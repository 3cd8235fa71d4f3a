import type { Commands, Files } from './machine.ts';
import type { Memory } from './memory.ts';

/** What a choice of provider is made of: read from the machine without running anything. */
export interface About {
  /** `debian`, `rhel`, `suse`, `alpine`, `arch`; empty when unknown. */
  readonly family: string;
  /** True when the program is where programs are. */
  has(program: string): boolean;
  /** True when the path exists. */
  exists(path: string): boolean;
}

export interface Tools {
  readonly files: Files;
  readonly commands: Commands;
  /** Where what is read is kept for a run; without one it is read each time. */
  readonly memory?: Memory;
}

/** One way to serve a port, loaded only when it is the one. */
export interface Provider<Port> {
  readonly name: string;
  suits(about: About): boolean;
  load(): Promise<(tools: Tools) => Port>;
}

/** The first provider that suits. */
export function choose<Port>(providers: readonly Provider<Port>[], about: About): Provider<Port> | undefined {
  return providers.find((provider) => provider.suits(about));
}

/** The value of the first call, for ever after; a call that failed is made again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
