import { isError } from '#base/errors.ts';
import type { Check } from '#base/health.ts';
import type { Log } from '#base/log.ts';
import { type Clock, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import type { StoreSeen, Stores } from '#bus/stores.ts';
import type { Recreated } from '#wire/peel.ts';

/** What is done for a store that was lost, and what can then be said of it. */
export interface Restored {
  /** What came back, and what did not. */
  note(): string;
  /** Whether something is still awaited. */
  isWaiting?(): boolean;
}

export interface Keeper extends AsyncDisposable {
  /** Stores that were found gone within the last hour, or that still wait for something. */
  readonly recreated: readonly Recreated[];
  /** Writes that were refused in the last minute because a store is full. */
  readonly full: number;
  /** Since the start. */
  readonly counts: { readonly recreated: number; readonly full: number };
  /** Something went wrong with a store, as an error says. */
  heard(error: unknown): void;
  /** Looks now. */
  look(): Promise<void>;
  check(): Check;
}

export interface KeeperOptions {
  readonly bus: Bus;
  readonly stores: Stores;
  /** By the name of the store; each is called when that store was made anew. One without may be lost at any time. */
  readonly restore: Readonly<Record<string, () => Promise<Restored>>>;
  readonly clock: Clock;
  readonly log: Log;
}

const everyMs = 3_000;
const rememberMs = 3_600_000;
const fullMs = 60_000;

interface Loss {
  readonly store: string;
  readonly at: number;
  /** On the monotonic clock. */
  readonly since: number;
  restored: Restored;
}

/**
 * Looks after the stores of the control plane. What somebody deleted is made again within seconds, filled with what
 * this master knows, and told to operators: a store that was lost in silence would look like a fleet that is new.
 */
export function keepStores({ bus, stores, restore, clock, log }: KeeperOptions): Keeper {
  const known = new Map<string, string>();
  const losses = new Map<string, Loss>();
  const failed = new Set<Loss>();
  const counts = { recreated: 0, full: 0 };
  let fullAt: number[] = [];

  const lost = async ({ store }: StoreSeen) => {
    counts.recreated++;
    const loss: Loss = {
      store,
      at: clock.now(),
      since: clock.monotonic(),
      restored: { note: () => 'made again, not filled yet', isWaiting: () => true },
    };
    losses.set(store, loss);
    log.error('Store was gone', { bucket: store, hint: 'It was made again; "zester ping" says what is missing' });
    await fill(loss);
  };

  const fill = async (loss: Loss) => {
    try {
      loss.restored = (await restore[loss.store]?.()) ?? loss.restored;
      log.info('Store filled again', { bucket: loss.store, note: loss.restored.note() });
      failed.delete(loss);
    } catch (error) {
      failed.add(loss);
      log.warn('Store not filled yet', { bucket: loss.store, error });
    }
  };

  const take = async (seen: readonly StoreSeen[]) => {
    const gone = seen.filter(({ store, made, isNew }) => {
      const before = known.get(store);
      known.set(store, made);
      return before !== undefined && (isNew || before !== made) && store in restore;
    });
    for (const each of [...failed]) await fill(each);
    for (const each of gone) await lost(each);
  };

  // Where everything is new, nothing was lost: it is the first start.
  const isFirst = stores.opening.every(({ isNew }) => isNew);
  for (const { store, made, isNew } of stores.opening) known.set(store, isNew && !isFirst ? 'before' : made);

  let looking: Promise<void> | undefined;
  const look = () => {
    looking ??= stores
      .look()
      .then(take)
      .catch((error) => log.debug('Stores not looked at', { error }))
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const stopped = new AbortController();
  const periodic = (async () => {
    while (!stopped.signal.aborted) {
      await delay(everyMs, stopped.signal);
      if (!stopped.signal.aborted && bus.state === 'connected') await look();
    }
  })();
  bus.onState((state) => {
    if (state === 'connected' && !stopped.signal.aborted) void look();
  });

  const recent = () => {
    const now = clock.monotonic();
    return [...losses.values()].filter(({ since, restored }) => now - since < rememberMs || restored.isWaiting?.());
  };
  const recreated = (): Recreated[] =>
    recent().map(({ store, at, restored }) => ({ store, at, note: restored.note() }));
  const full = () => {
    const since = clock.monotonic() - fullMs;
    fullAt = fullAt.filter((at) => at > since);
    return fullAt.length;
  };

  return {
    get recreated() {
      return recreated();
    },
    get full() {
      return full();
    },
    counts,
    heard(error) {
      if (!isError(error, 'STORE_FULL')) return;
      counts.full++;
      if (full() === 0) log.error('A store is full', { error, hint: error.hint });
      fullAt.push(clock.monotonic());
    },
    look,
    check() {
      const parts = recreated().map(
        ({ store, at, note }) => `${store} was gone at ${new Date(at).toISOString()}: ${note}`,
      );
      if (full() > 0) parts.push(`a store is full: ${full()} writes were refused within a minute`);
      return parts.length === 0 ? { status: 'ok' } : { status: 'degraded', message: parts.join('; ') };
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all([periodic, looking]);
    },
  };
}
