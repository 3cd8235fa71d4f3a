import { systemClock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { plainStyle } from '#cli/report/style.ts';
import type { Session } from '#cli/session.ts';
import { packPeels } from '#master/jobs/record.ts';
import { signRequest } from '#trust/orders.ts';
import { signFacts } from '#trust/peel-signatures.ts';
import { encode } from '#wire/codec.ts';
import { type ErrorBody, errorFrom } from '#wire/error.ts';
import type { JobRecord, JobRequest } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import { jobRequest, type TestMaster, testBus, testMaster, until } from '../../harness/fleet.ts';
import { type TestNats, testNats } from '../../harness/nats.ts';

/** What the command line has of a session; `text()` is what a person would have seen. */
export function operatorSession(bus: Bus): Session & { text(): string } {
  let text = '';
  const session = {
    clock: systemClock,
    style: plainStyle,
    format: 'text',
    write: (more: string) => {
      text += more;
    },
    text: () => text,
    async ask(channel: never, body: never) {
      const reply = await bus.request(channel, {} as never, body, { timeoutMs: 10_000 });
      const { error } = reply as { readonly error?: ErrorBody };
      if (error !== undefined) throw errorFrom(error);
      return reply;
    },
  };
  return session as unknown as Session & { text(): string };
}

export interface Scene extends AsyncDisposable {
  readonly nats: TestNats;
  readonly master: TestMaster;
  /** Of an operator. */
  readonly bus: Bus;
  readonly session: ReturnType<typeof operatorSession>;
}

export async function scene(options: Parameters<typeof testMaster>[1] = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats({ refusals: true }));
  const master = stack.use(await testMaster(nats, options));
  const bus = stack.use(await testBus(nats, nats.credentials.operator(), 'admin', false));
  const session = operatorSession(bus);
  return { nats, master, bus, session, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A peel that says of itself what it likes. */
export async function liar(nats: TestNats, id: string) {
  const credentials = nats.credentials.peel(id);
  const bus = await testBus(nats, credentials, id);
  const record = (facts: Readonly<Record<string, unknown>>) =>
    encode(signFacts(id, { v: 1, facts, version: 'x', collectedAt: Date.now() }, credentials.seed));
  return {
    bus,
    record,
    say: (facts: Readonly<Record<string, unknown>>) =>
      bus.publishBytes(`$KV.${buckets.facts.name}.${id}`, record(facts)),
    [Symbol.asyncDispose]: () => bus.close(),
  };
}

/** As a job is kept, whoever it asked. */
export function jobRecord(nats: TestNats, peels: readonly string[], more: Partial<JobRequest> = {}): JobRecord {
  const request = jobRequest({ target: '*', function: 'test.ping', ...more });
  const signed = signRequest(request, nats.credentials.operator());
  const now = Date.now();
  return {
    v: 1,
    jid: request.jid,
    ...signed,
    operator: 'admin',
    function: request.function,
    target: request.target,
    test: false,
    peels: packPeels(peels),
    targets: peels.length,
    created: now,
    deadline: now + request.timeoutMs,
    state: 'complete',
    owner: 'nobody',
  };
}

export function manyPeels(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `node-${String(at).padStart(6, '0')}_example_com`);
}

/** The master is there, and answers the next good request. */
export async function answers(bus: Bus): Promise<void> {
  const { channels } = await import('#wire/channels.ts');
  await until(async () => (await bus.request(channels.ping, {}, {})).master !== '', 'the master answers');
}

/** The same numbers in every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
}
