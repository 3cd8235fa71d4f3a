import assert from 'node:assert/strict';
import { newJid } from '#base/ids.ts';
import { systemClock } from '#base/time.ts';
import type { Command } from '#cli/command.ts';
import { understand } from '#cli/main.ts';
import { printed } from '#cli/print.ts';
import { plainStyle } from '#cli/report/style.ts';
import type { CliBus, Format, Session } from '#cli/session.ts';
import { createKey } from '#trust/nkeys.ts';
import { signReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';

/** Retitles the window, turns the direction, clears the screen twice, and begins a row of its own. */
export const nasty = 'x\u001b]0;pwned\u0007\u001b[2J\u202egpj\u009b2J\u200b\u2028\r\nFORGED 10.0.0.1 online';

/** What a schema allows, with the nasty text in each place where a text may be. */
export function sampleOf(schema: unknown): unknown {
  const { def } = (schema as { readonly _zod: { readonly def: Definition } })._zod;
  switch (def.type) {
    case 'string':
      return nasty;
    case 'int':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'any':
    case 'unknown':
      return { stdout: nasty, stderr: nasty, [nasty]: [nasty, { [nasty]: nasty }] };
    case 'object':
      return Object.fromEntries(Object.entries(def.shape ?? {}).map(([key, each]) => [key, sampleOf(each)]));
    case 'array':
      return [sampleOf(def.element)];
    case 'record':
      return { [nasty]: sampleOf(def.valueType) };
    case 'union':
      return sampleOf(def.options?.[0]);
    case 'enum':
      return Object.values(def.entries ?? {})[0];
    case 'literal':
      return def.values?.[0];
    case 'optional':
    case 'nullable':
    case 'default':
    case 'readonly':
      return sampleOf(def.innerType);
    case 'lazy':
      return sampleOf(def.getter?.());
    case 'pipe':
      return sampleOf(def.in);
    case 'custom':
      return new Uint8Array();
    default:
      return assert.fail(`no sample of "${def.type}" is known: name it here`);
  }
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
  readonly getter?: () => unknown;
}

export interface Outputs {
  readonly text: string;
  readonly yaml: string;
  readonly json: string;
}

const key = createKey('user');

/** What a command line prints when a master, and the peels of its job, answer these. */
export async function outputsOf(
  line: readonly string[],
  answers: { readonly reply: (pattern: string) => unknown; readonly returned?: unknown },
): Promise<Outputs> {
  const { command, input } = await understand(line);
  let written = '';
  let jid = '';
  let deliver: ((address: unknown, payload: Uint8Array) => void) | undefined;
  const payloadOf = (peel: string): Uint8Array => {
    const { rest: _, ...returned } = answers.returned as Record<string, unknown>;
    return encode(signReturn(encode({ ...returned, jid, peel }), { jid, peel }, key.seed));
  };
  const listening = { close() {}, [Symbol.dispose]() {} };
  const bus = {
    listen: () => listening,
    subscribe(_channel: unknown, address: { readonly jid: string }, handle: typeof deliver) {
      jid = address.jid;
      deliver = handle;
      return listening;
    },
    async close() {},
    // Only what the bus has: a method that is called otherwise now would be missed at run time alone.
  } satisfies Partial<Record<keyof CliBus, unknown>>;
  const sessionFor = (format: Format) => ({
    format,
    style: plainStyle,
    quiet: false,
    test: false,
    timeoutMs: undefined,
    terminal: false,
    clock: systemClock,
    environment: {},
    config: async () => ({ values: {} }),
    write: (text: string) => {
      if (format === 'text') written += text;
    },
    note() {},
    progress() {},
    bus: async () => bus,
    async ask({ pattern }: { readonly pattern: string }, body: { readonly peels?: unknown[]; readonly jid?: string }) {
      if (pattern === channels.peelKeys.pattern) return { keys: body.peels?.map(() => [key.publicKey]) };
      const { error: _, next: _next, ...reply } = answers.reply(pattern) as Record<string, unknown>;
      if (pattern === channels.dispatch.pattern) {
        for (const peel of reply.peels as string[]) queueMicrotask(() => deliver?.({ peel }, payloadOf(peel)));
      }
      if (pattern !== channels.jobReturns.pattern) return reply;
      jid = body.jid ?? '';
      // One that runs for ever would be waited for.
      const job = { ...(reply.job as object), state: 'complete' };
      return { ...reply, job, returns: [{ peel: nasty, payload: payloadOf(nasty) }] };
    },
    sign: async () => ({}),
    reference: async () => ({ modules: [] }),
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
    question: async () => undefined,
    emit() {},
    streams: false,
  });
  const outputAs = async (format: Format) => {
    const value = await command.run(input, sessionFor(format) as unknown as Session);
    const rest = await printed(command, value, { format, streams: false, quiet: false, style: plainStyle });
    return { value, rest };
  };
  const { value, rest } = await outputAs('text');
  const text = written === '' ? command.show(value, plainStyle) : written + rest;
  return { text, yaml: (await outputAs('yaml')).rest, json: (await outputAs('json')).rest };
}

/** What a command prints of a value. */
export async function printedOf(command: Command, value: unknown): Promise<Outputs> {
  const as = (format: Format) => printed(command, value, { format, streams: false, quiet: false, style: plainStyle });
  return { text: await as('text'), yaml: await as('yaml'), json: await as('json') };
}

/** A command line of each command that asks a master, made of its first example. */
export function linesOf(commands: readonly Command[]): readonly (readonly string[])[] {
  const jid = newJid();
  const words: Readonly<Record<string, readonly string[]>> = {
    run: ['run', 'web*', 'test.ping'],
    explain: ['explain', jid, nasty],
    'job show': ['job', 'show', jid],
    'job kill': ['job', 'kill', jid],
    'job follow': ['job', 'follow', jid],
    'job wait': ['job', 'wait', jid],
    'peel show': ['peel', 'show', 'web-01'],
    target: ['target', 'web*'],
    'enroll show': ['enroll', 'show', 'enr-1'],
    'enroll approve': ['enroll', 'approve', 'enr-1'],
    'enroll reject': ['enroll', 'reject', 'enr-1'],
    'enroll revoke': ['enroll', 'revoke', 'enr-1'],
    'enroll token revoke': ['enroll', 'token', 'revoke', 't'],
  };
  // `apply` reads a file of its own first, and shows what `run` shows; a saved plan has an attack of its own; `job output`
  // writes bytes, by a door of their own.
  const others = ['apply', 'plan show', 'job output'];
  return commands
    .filter(({ bus, name }) => bus && !others.includes(name))
    .map(({ name }) => words[name] ?? name.split(' '));
}

export function assertSafe({ text, yaml, json }: Outputs, what: string): void {
  for (const [form, output] of Object.entries({ text, yaml, json })) {
    assert.doesNotMatch(output, /(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u, `${what} as ${form}`);
    const forged = output.split('\n').find((line) => line.startsWith('FORGED'));
    assert.equal(forged, undefined, `${what} as ${form} has a line that it did not make: ${text}`);
  }
}

/** A reply of every kind, with keys where keys are needed. */
export function nastyReply(pattern: string): unknown {
  const channel = Object.values(channels).find((each) => each.pattern === pattern);
  assert.ok(channel !== undefined && 'reply' in channel, pattern);
  const { part: _part, parts: _parts, ...whole } = sampleOf(channel.reply) as Record<string, unknown>;
  // Of what may come in parts, the form in which nothing has to be fetched.
  return withKeys(pattern === channels.peel.pattern ? whole : sampleOf(channel.reply));
}

/** Fingerprints are made of real keys. */
function withKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withKeys);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === 'key' ? key.publicKey : withKeys(each)]),
  );
}
