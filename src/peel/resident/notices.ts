import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { openNotice } from '#trust/notice.ts';
import { channels } from '#wire/channels.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import type { SignedNotice } from '#wire/peel.ts';
import type { Instance } from './instance.ts';

export interface NoticeParts {
  readonly bus: Bus;
  readonly peel: string;
  readonly instance: Instance;
  readonly trust: () => TrustBundle;
  readonly publishFacts: () => void;
  readonly sendReturns: () => void;
  /** Called when the answer of `isRefused` changes. */
  readonly onVerdict: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Notices extends Disposable {
  /** Another process has this peel's id, and had it first: this one takes no orders until a master says otherwise. */
  readonly isRefused: boolean;
}

/** Hears what masters say about this peel itself. */
export function hearNotices(parts: NoticeParts): Notices {
  const { bus, peel, instance, trust, publishFacts, sendReturns, onVerdict, clock, log } = parts;
  let refusedAt: number | undefined;

  const take = (signed: SignedNotice) => {
    const { wanted = [], refused, welcome, issuedAt } = openNotice(signed, { peel, trust: trust(), now: clock.now() });
    if (refused?.run === instance.run) {
      if (refusedAt === undefined) {
        log.error('Orders are refused: another machine has this identity', {
          reason: refused.reason,
          run: instance.run,
          hint: 'If this is a copy, stop it, remove its auth folder, and let it enrol under its own id',
        });
      }
      refusedAt = Math.max(refusedAt ?? 0, issuedAt);
      onVerdict();
    }
    // An old word must not undo a newer one.
    if (welcome?.run === instance.run && refusedAt !== undefined && issuedAt > refusedAt) {
      refusedAt = undefined;
      log.info('Orders are taken again: this is the only machine with this identity', { run: instance.run });
      onVerdict();
    }
    if (refusedAt !== undefined) return;
    if (wanted.includes('facts')) publishFacts();
    if (wanted.includes('returns')) sendReturns();
  };

  const listening = bus.listen(channels.notice, { peel }, ({ body }) => {
    try {
      take(body);
    } catch (error) {
      log.warn('Notice refused', { error });
    }
  });
  return {
    get isRefused() {
      return refusedAt !== undefined;
    },
    [Symbol.dispose]: () => listening.close(),
  };
}
