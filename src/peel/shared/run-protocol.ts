import { systemClock } from '#base/time.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { Report } from '#wire/outcome.ts';
import type { LocalTree } from './tree.ts';

/** What a runner is asked to do: everything it needs, for it keeps nothing between requests but caches. */
export interface RunRequest {
  readonly jid: string;
  readonly function: string;
  readonly id?: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly test: boolean;
  /** When the work must be over, on the monotonic clock of the process that holds this. */
  readonly dueAt: number;
  /** How long it may take in all, as its `--timeout` says: for whoever is told that it was too long. */
  readonly timeoutMs: number;
  readonly peel: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tree: LocalTree;
}

/** As it travels from one process to another: no monotonic clock means anything in the next one. */
export type SentRequest = Omit<RunRequest, 'dueAt'> & { readonly remainingMs: number };

export interface RunResult {
  readonly success: boolean;
  readonly value?: unknown;
  readonly report?: Report;
  readonly error?: ErrorBody;
}

/** From the runner, over its pipe: how far it is, then its one answer. */
export type RunnerMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total?: number; readonly text?: string }
  | { readonly kind: 'result'; readonly result: RunResult };

/** To the runner. */
export type RunnerCommand =
  | { readonly kind: 'run'; readonly request: SentRequest }
  | { readonly kind: 'stop'; readonly reason: 'expired' | 'killed' };

export function sent({ dueAt, ...request }: RunRequest): SentRequest {
  return { ...request, remainingMs: Math.max(0, dueAt - systemClock.monotonic()) };
}

export function received({ remainingMs, ...request }: SentRequest): RunRequest {
  return { ...request, dueAt: systemClock.monotonic() + remainingMs };
}
