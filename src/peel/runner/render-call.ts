import { spawnSync } from 'node:child_process';
import { ZesterError } from '#base/errors.ts';
import { systemClock } from '#base/time.ts';
import type { Registry } from '#kit/function.ts';
import { inheritable, jobVariable, peelVariable } from '#machine/environment.ts';
import { decode, encode } from '#wire/codec.ts';
import { type ErrorBody, errorFrom } from '#wire/error.ts';
import { expired } from '../shared/expired.ts';
import { type RunRequest, type SentRequest, sent } from '../shared/run-protocol.ts';

/** What templates may call while they are rendered. */
export interface RenderCalls {
  call(name: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): unknown;
  has(name: string): boolean;
  names(): Iterable<string>;
}

export interface CallRequest {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly request: SentRequest;
}

export type CallReply = { readonly value: unknown } | { readonly error: ErrorBody };

const outputBytes = 64_000_000;

/**
 * Functions for templates. A template waits for its value, and a function takes its time: so it runs in a process of
 * its own that this one waits for, and the deadline of the job ends both.
 */
export function spawnCalls(
  command: readonly [string, ...string[]],
  registry: Registry,
  request: RunRequest,
): RenderCalls {
  const [program, ...argv] = command;
  return {
    has: (name) => registry.functions.has(name),
    names: () => registry.functions.keys(),
    call(name, args, kwargs) {
      const input = encode({ name, args, kwargs, request: sent(request) } satisfies CallRequest);
      const timeout = Math.max(1, Math.ceil(request.dueAt - systemClock.monotonic()));
      const { stdout, status, error } = spawnSync(program, argv, {
        input,
        timeout,
        killSignal: 'SIGKILL',
        env: { ...inheritable(process.env), [jobVariable]: request.jid, [peelVariable]: request.peel },
        maxBuffer: outputBytes,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT')
        throw expired(request.timeoutMs, `while a template called "${name}"`);
      if (error || status !== 0) {
        const reason = error?.message ?? `its process ended with ${status}`;
        throw new ZesterError('machine', 'TEMPLATE_PROCESS_FAILED', `Cannot call "${name}" from a template: ${reason}`);
      }
      const reply = decode(stdout) as CallReply;
      if ('error' in reply) throw errorFrom(reply.error);
      return reply.value;
    },
  };
}

/** A plan changes nothing, its templates included: only functions that read may be called. */
export function readsOnly(calls: RenderCalls, registry: Registry): RenderCalls {
  return {
    ...calls,
    call(name, args, kwargs) {
      if (registry.functions.get(name)?.changes) {
        throw new ZesterError(
          'source',
          'TEMPLATE_CALL_CHANGES',
          `Cannot call "${name}" while planning: it may change the machine`,
          {
            hint: 'Guard it with {% if not opts.test %}, or use a function that only reads',
          },
        );
      }
      return calls.call(name, args, kwargs);
    },
  };
}
