import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { AccountServers } from '#bus/system-account.ts';
import { accountJwt, claimedRevocations, isCurrent } from '#trust/account.ts';
import type { AuthDir } from '#trust/auth-dir.ts';
import { keyFromSeed } from '#trust/nkeys.ts';
import type { Revoked, RevokedLog } from '#trust/revoked-log.ts';
import type { Side } from '#trust/sharing.ts';
import type { Enrollments } from './enrollments.ts';
import { ofBook, ofIndex, type Revocations as Shut, union } from './shut-out.ts';

/** The accounts as NATS servers know them: today's grants, and whom they shut out. */
export interface Revocations extends AsyncDisposable {
  /** Shuts a key out, on our disk first. Throws `AUTH_FILE_UNWRITABLE` when it is not kept there; it counts all the same. */
  add(entry: Revoked): void;
  /** Brings the servers up to date; resolves when one confirmed, rejects when none did. */
  push(): Promise<void>;
  /** Seconds since the Unix epoch when a key was revoked. */
  revokedAt(key: string): number | undefined;
}

export interface RevocationParts {
  readonly enrollments: Pick<Enrollments, 'all' | 'onChange' | 'review' | 'settle' | 'lost'>;
  /** The list on this master's disk, which outlives the store. */
  readonly kept: RevokedLog;
  readonly auth: () => AuthDir;
  readonly servers: AccountServers;
  readonly clock: Clock;
  readonly log: Log;
  /** How often to look whether servers must be told again. */
  readonly intervalMs?: number;
  /** How often to look whether a command changed the auth folder: a removed operator is gone within seconds. */
  readonly indexMs?: number;
}

/** From here on the servers may soon refuse the account for its size: a message of NATS holds a megabyte. */
const alarmingBytes = 800_000;

/**
 * Servers forget nothing (full resolver); what a push could not reach, or another master undid, is made up for here:
 * at every revocation heard of, at every change of the auth folder, and every minute. What is pushed never shuts out
 * fewer than what the servers have, the list on disk, the auth folder or the records do.
 */
export function createRevocations(parts: RevocationParts): Revocations {
  const { enrollments, kept, auth, servers, clock, log, intervalMs = 60_000, indexMs = 1_000 } = parts;
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;

  const everything = (): readonly Revoked[] => [...ofIndex(auth().index), ...ofBook(enrollments.all()), ...kept.all()];
  const shut = (more: readonly Revoked[] = []): Shut => union([...everything(), ...more], clock.now());
  /** A full disk must not keep the servers from hearing of it. */
  const keep = (entries: readonly Revoked[]) => {
    try {
      kept.add(...entries);
    } catch (error) {
      log.error('Revocations not kept on this disk; trying again', { error });
    }
  };

  const bringUpToDate = async (side: Side) => {
    const { index, accountJwt: bootstrap, operatorSigningSeed } = auth();
    const { environment: name, accounts, roles } = index;
    const served = await servers.lookup(accounts[side]);
    const claimed = served && claimedRevocations(served, keyFromSeed(operatorSigningSeed()).publicKey);
    if (served && !claimed)
      log.error('Account on the servers is not signed by us; it is replaced', { key: accounts[side] });
    const replaces = served && claimed ? served : bootstrap(side);
    const theirs = Object.entries(claimed ?? {}).map(([key, at]) => ({ key, at }));
    const content = { side, name, accounts, roles, revoked: shut(theirs), replaces, now: clock.now() };
    if (!isCurrent(replaces, content)) {
      const jwt = accountJwt(content, operatorSigningSeed());
      if (jwt.length > alarmingBytes)
        log.error('Account is nearly too large for NATS', { key: accounts[side], bytes: jwt.length });
      await servers.update(jwt);
    }
    keep(theirs);
    enrollments.review();
  };
  const both = async () => {
    keep(everything());
    // A server that has trouble with one of them is told of the other all the same.
    const ends = await Promise.allSettled((['peels', 'control'] as const).map(bringUpToDate));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
  // One after the other, and one for all who ask while another runs: each replaces what is there.
  const push = (): Promise<void> => {
    queued ??= running
      .catch(() => {})
      .then(() => {
        queued = undefined;
        return both();
      });
    running = queued;
    return queued;
  };
  const sync = () => {
    push().catch((error) => log.warn('Account not updated on the servers', { error }));
  };
  const settle = () => {
    enrollments.settle().catch((error) => log.warn('Enrolment records not corrected yet', { error }));
    if (enrollments.lost.size > 0)
      log.error('Enrolment records not readable', { count: enrollments.lost.size, key: [...enrollments.lost][0] });
  };
  const watching = enrollments.onChange((each) => {
    if (each.state !== 'revoked') return;
    keep(ofBook([each]));
    sync();
  });
  const timers = [
    setInterval(() => {
      sync();
      settle();
    }, intervalMs),
    setInterval(whenChanged(auth, sync), indexMs),
  ];
  for (const timer of timers) timer.unref();
  keep(everything());
  if (kept.lost > 0) log.error('Revocations on this disk not readable', { count: kept.lost });
  sync();
  settle();

  return {
    add(entry) {
      try {
        kept.add(entry);
      } finally {
        enrollments.review();
      }
    },
    push,
    revokedAt: (key) => latest([auth().index.revoked[key], ...kept.of(key).map(({ at }) => at)]),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      watching[Symbol.dispose]();
      await running.catch(() => {});
    },
  };
}

function latest(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Calls when the auth folder says something else than at the last look. One that cannot be read just now is left for later. */
function whenChanged(auth: () => AuthDir, changed: () => void): () => void {
  let last = auth().index;
  return () => {
    try {
      const { index } = auth();
      if (index === last) return;
      last = index;
    } catch {
      return;
    }
    changed();
  };
}
