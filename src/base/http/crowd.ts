import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

/**
 * How far a connection has come: `greeting` no TLS yet · `head` between requests, or within the head of one · `body`
 * its body is on the way · `answer` ours to give, and theirs to take.
 */
export type Phase = 'greeting' | 'head' | 'body' | 'answer';

export interface CrowdLimits {
  readonly connections: number;
  /** Of one network; see `networkOf`. */
  readonly perSource: number;
  /** How long a connection may stay in a phase: a byte now and then does not prolong it. */
  readonly phaseMs: Readonly<Record<Phase, number>>;
}

export const defaultCrowd: CrowdLimits = {
  connections: 10_000,
  perSource: 2_500,
  phaseMs: { greeting: 5_000, head: 10_000, body: 15_000, answer: 60_000 },
};

/** Who is at the door. It is never full: whoever has made us wait longest gives way to whoever comes. */
export interface Crowd {
  readonly size: number;
  admit(socket: Socket, phase: Phase): void;
  /** No-op for a socket that is gone. */
  move(socket: Socket, phase: Phase): void;
  clear(): void;
}

interface Guest {
  readonly socket: Socket;
  readonly source: string;
  phase: Phase;
  timer: ReturnType<typeof setTimeout>;
}

// The server's own time limits do not work in Bun (1.4): connections that say nothing would stay for good.
export function createCrowd({ connections, perSource, phaseMs }: CrowdLimits): Crowd {
  const guests = new Map<Socket, Guest>();
  /** In the order of their coming. */
  const bySource = new Map<string, Set<Guest>>();

  const limit = (socket: Socket, phase: Phase) => setTimeout(() => socket.destroy(), phaseMs[phase]);
  const leave = (guest: Guest) => {
    clearTimeout(guest.timer);
    guests.delete(guest.socket);
    const others = bySource.get(guest.source);
    others?.delete(guest);
    if (others?.size === 0) bySource.delete(guest.source);
  };
  const makeRoom = (among: Iterable<Guest>) => {
    const guest = mostDispensable(among);
    if (guest === undefined) return;
    leave(guest);
    guest.socket.destroy();
  };

  return {
    get size() {
      return guests.size;
    },
    admit(socket, phase) {
      // A socket without a listener for its errors ends the process with the first one.
      socket.on('error', () => {});
      const source = networkOf(socket.remoteAddress ?? '');
      const others = bySource.get(source) ?? new Set();
      if (others.size >= perSource) makeRoom(others);
      else if (guests.size >= connections) makeRoom(guests.values());
      const guest = { socket, source, phase, timer: limit(socket, phase) };
      guests.set(socket, guest);
      bySource.set(source, others.add(guest));
      socket.once('close', () => leave(guest));
    },
    move(socket, phase) {
      const guest = guests.get(socket);
      if (guest === undefined) return;
      clearTimeout(guest.timer);
      guest.phase = phase;
      guest.timer = limit(socket, phase);
    },
    clear() {
      for (const guest of [...guests.values()]) {
        leave(guest);
        guest.socket.destroy();
      }
    },
  };
}

/** Of those who have said least, the one who came first. */
function mostDispensable(guests: Iterable<Guest>): Guest | undefined {
  const order: readonly Phase[] = ['greeting', 'head', 'body', 'answer'];
  let chosen: Guest | undefined;
  for (const guest of guests) {
    if (chosen === undefined || order.indexOf(guest.phase) < order.indexOf(chosen.phase)) chosen = guest;
    if (chosen.phase === 'greeting') break;
  }
  return chosen;
}
