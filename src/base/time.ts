import { ZesterError } from './errors.ts';

/** Time as an argument, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the machine believes: to compare and to show. It is set, forwards and back. */
  now(): number;
  /** Milliseconds since some moment of this process: to measure. It only goes forwards, as fast as time does. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A moment of the wall clock on the monotonic one, translated once: setting the wall clock does not move it any more. */
export function toMonotonic(clock: Clock, wallMs: number): number {
  return clock.monotonic() + (wallMs - clock.now());
}

/** Something that began: when, for people; for how long, by a clock that nobody sets. */
export interface Stopwatch {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Whole milliseconds since then. */
  elapsed(): number;
}

export function startWatch(clock: Clock = systemClock): Stopwatch {
  const began = clock.monotonic();
  return { startedAt: clock.now(), elapsed: () => Math.round(clock.monotonic() - began) };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration as people write it (`90s`, `1h30m`, `250ms`, `7d`, or a bare number of seconds) in milliseconds.
 * Throws `DURATION_INVALID`.
 */
export function parseDuration(written: string | number): number {
  if (typeof written === 'number') {
    if (Number.isFinite(written) && written >= 0) return written * 1_000;
    throw invalid(String(written));
  }
  const text = written.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) throw invalid(written);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
}

/**
 * A moment as people write it, in milliseconds since the Unix epoch: how long ago (`2h`), or a day or time (`2026-03-01`,
 * `2026-03-01T08:00`, of this machine's zone unless it names one). Throws `MOMENT_INVALID`.
 */
export function parseMoment(written: string, nowMs: number): number {
  const text = written.trim();
  // What has only a day is midnight here, as what has a time is: the bare form would be midnight in Greenwich.
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = /^\d{4}-/.test(text) ? Date.parse(isDay ? `${text}T00:00` : text.replace(' ', 'T')) : agoOf(text, nowMs);
  if (at !== undefined && Number.isFinite(at)) return Math.max(0, at);
  throw new ZesterError(
    'usage',
    'MOMENT_INVALID',
    `Cannot read "${written}" as a moment: it is no time and no duration`,
    {
      hint: 'Write how long ago, such as "2h" or "7d", or a time such as "2026-03-01T08:00"',
    },
  );
}

function agoOf(text: string, nowMs: number): number | undefined {
  const isDuration = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text);
  return isDuration ? nowMs - parseDuration(text) : undefined;
}

/** Milliseconds as a person reads them: `4ms`, `1.2s`, `2m5s`, `3h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1_000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60];
  return [hours && `${hours}h`, minutes && `${minutes}m`, rest && `${rest}s`].filter(Boolean).join('') || '0s';
}

/** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Waits between tries of something that may fail for a long time: doubling, capped, with full jitter. */
export function backoff({ firstMs = 500, capMs = 30_000, random = Math.random } = {}): {
  next(): number;
  reset(): void;
} {
  let ceiling = firstMs;
  return {
    next() {
      const wait = ceiling / 2 + (random() * ceiling) / 2;
      ceiling = Math.min(capMs, ceiling * 2);
      return wait;
    },
    reset() {
      ceiling = firstMs;
    },
  };
}

function invalid(written: string): ZesterError {
  return new ZesterError('usage', 'DURATION_INVALID', `Cannot read "${written}" as a duration: it has no known unit`, {
    hint: 'Write a number with ms, s, m, h or d, such as "30s" or "1h30m"',
  });
}
