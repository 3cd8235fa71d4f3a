import type { Log } from '#base/log.ts';
import { repeat } from '#base/repeat.ts';
import type { Clock } from '#base/time.ts';
import { build } from '#base/version.ts';
import type { Bus } from '#bus/bus.ts';
import { channels } from '#wire/channels.ts';

/** Which masters are alive: they beat on a core subject, and are believed for three beats. */
export interface Masters extends Disposable {
  isAlive(master: string): boolean;
  readonly alive: readonly string[];
  /** The version of a master that is alive, if it has told. */
  versionOf(master: string): string | undefined;
}

const beatMs = 2_000;
const goneAfterMs = 3 * beatMs;
/** Nobody runs so many: a flood of invented ones must not fill the memory. */
const mostMasters = 256;

export interface MastersParts {
  readonly bus: Bus;
  /** This one. */
  readonly master: string;
  readonly clock: Clock;
  readonly log: Log;
}

export function watchMasters({ bus, master, clock, log }: MastersParts): Masters {
  const startedAt = clock.now();
  const bornAt = clock.monotonic();
  const heard = new Map<string, { readonly at: number; readonly version: string | undefined }>();
  const listening = bus.listen(channels.masterHeartbeat, {}, ({ address, body }) => {
    const now = clock.monotonic();
    if (!heard.has(address.master) && heard.size >= mostMasters) {
      for (const [other, { at }] of heard) if (now - at > goneAfterMs) heard.delete(other);
      if (heard.size >= mostMasters) return;
    }
    heard.set(address.master, { at: now, version: body.version });
  });
  const beat = () => bus.publish(channels.masterHeartbeat, { master }, { v: 1, startedAt, version: build.version });
  const beating = repeat(beatMs, beat, (error) => log.warn('Heartbeat not sent', { error }));
  beat();
  // A master that has just started has heard nobody: until it could have, it takes every other for alive.
  const isAlive = (other: string) => {
    if (other === master) return true;
    const last = heard.get(other)?.at ?? bornAt;
    return clock.monotonic() - last < goneAfterMs;
  };
  return {
    isAlive,
    get alive() {
      return [...new Set([master, ...heard.keys()])].filter(isAlive);
    },
    versionOf: (other) => (other === master ? build.version : heard.get(other)?.version),
    [Symbol.dispose]() {
      beating[Symbol.dispose]();
      listening.close();
    },
  };
}
