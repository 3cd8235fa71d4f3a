import { availableParallelism } from 'node:os';
import { type Probe, probe } from '../../test/hosts/probe.ts';
import { debianTree } from '../../test/hosts/tree.ts';

/** A case that cannot be run here, and why. */
export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** What this machine can have of the kinds of hosts that are asked for, made ready: `true`, or the reason why not. */
export async function readyHosts(kinds: ReadonlySet<keyof Probe>): Promise<Probe> {
  const can = probe();
  if (!kinds.has('systemd') || can.systemd !== true) return can;
  try {
    await debianTree();
    return can;
  } catch (error) {
    return { ...can, systemd: error instanceof Error ? error.message : String(error) };
  }
}

/** Works on all, as many at a time as there are processors. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

export function indented(texts: readonly string[]): string {
  return texts.map((text) => text.trimEnd().replaceAll(/^/gm, '  ')).join('\n');
}
