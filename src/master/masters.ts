import type { Clock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { channels } from '#wire/channels.ts';

/** Which masters are alive: they beat on a core subject, and are believed for three beats. */
export interface Masters extends Disposable {
  isAlive(master: string): boolean;
  readonly alive: readonly string[];
}

const beatMs = 2_000;
const goneAfterMs = 3 * beatMs;

export function watchMasters({ bus, master, clock }: { bus: Bus; master: string; clock: Clock }): Masters {
  const startedAt = clock.now();
  const bornAt = clock.monotonic();
  const heard = new Map<string, number>();
  const listening = bus.listen(
    channels.masterHeartbeat,
    {},
    ({ address }) => void heard.set(address.master, clock.monotonic()),
  );
  const beat = () => bus.publish(channels.masterHeartbeat, { master }, { v: 1, startedAt });
  const timer = setInterval(beat, beatMs);
  beat();
  // A master that has just started has heard nobody: until it could have, it takes every other for alive.
  const isAlive = (other: string) => {
    if (other === master) return true;
    const last = heard.get(other) ?? bornAt;
    return clock.monotonic() - last < goneAfterMs;
  };
  return {
    isAlive,
    get alive() {
      return [master, ...heard.keys()].filter(isAlive);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      listening.close();
    },
  };
}
