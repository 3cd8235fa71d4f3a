import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { createEngine, type EngineSettings, type Finished, type StateRun } from '#engine/engine.ts';
import type { Registry } from '#kit/function.ts';
import { state } from '#kit/state.ts';
import { type FakeMachine, fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import type { Outcome } from '#wire/outcome.ts';
import { treeOf } from './trees.ts';

export interface TryOptions {
  readonly refs?: readonly string[];
  readonly given?: Given;
  /** Instead of a fresh one. */
  readonly machine?: FakeMachine;
  readonly test?: boolean;
  readonly settings?: Partial<EngineSettings>;
  readonly signal?: AbortSignal;
  readonly scope?: {
    readonly facts?: Readonly<Record<string, unknown>>;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly secrets?: readonly string[];
    /** What a template gets for a function that it calls. */
    readonly call?: (name: string) => unknown;
  };
  readonly exclude?: readonly (string | { readonly id: string })[];
  readonly limit?: number;
}

/** Applies state files to a fake machine. The registry is the project's own, and the `probe` states of this file. */
export function start(files: Readonly<Record<string, string>>, options: TryOptions = {}): StateRun {
  const { refs = ['web'], given = {}, machine = fakeMachine(given), settings = {}, scope = {}, ...rest } = options;
  const engine = createEngine({ registry: withProbes, tree: treeOf(files), settings });
  return engine.apply(refs, {
    scope: { id: 'web-01', facts: {}, settings: {}, ...scope },
    machine,
    ...rest,
  });
}

export async function outcomesOf(run: StateRun): Promise<readonly Outcome[]> {
  return (await run.report()).outcomes;
}

export async function finishedOf(run: StateRun): Promise<readonly Finished[]> {
  return Array.fromAsync(run);
}

/** `id result`, with why it was skipped. */
export function told(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map(({ id, result, skipReason }) => [id, result, skipReason].filter(Boolean).join(' '));
}

/** When each `probe.wait` ran: how many of them ran at the same time at most, and who began when whom had ended. */
export const probe = {
  log: [] as string[],
  running: 0,
  most: 0,
  reset() {
    probe.log = [];
    probe.running = 0;
    probe.most = 0;
  },
};

const wait = state({
  name: 'probe.wait',
  summary: 'Take some time, and tell',
  args: z.object({
    name: z.string().meta({ primary: true }).describe('Its name'),
    ms: z.int().default(5).describe('How long'),
    holds: z.array(z.string()).default([]).describe('What it holds'),
  }),
  holds: ({ holds }) => holds,
  check: async () => ({ waited: { from: false, to: true } }),
  async apply(_changes, { name, ms }, { signal }) {
    probe.log.push(`+${name}`);
    probe.most = Math.max(probe.most, ++probe.running);
    await delay(ms, signal);
    probe.running--;
    probe.log.push(`-${name}`);
    if (signal.aborted) throw new ZesterError('machine', 'WAIT_CUT', 'Cannot wait any longer: it was stopped');
    return undefined;
  },
  examples: [],
});

const needs = state({
  name: 'probe.needs',
  summary: 'Refuse unless a file exists',
  args: z.object({ name: z.string().meta({ primary: true }).describe('The file') }),
  async check({ name }, { files }) {
    if (await files.stat(name)) return {};
    throw new ZesterError('machine', 'FILE_MISSING', `Cannot use "${name}": there is no such file`);
  },
  apply: async () => undefined,
  examples: [],
});

const throws = state({
  name: 'probe.bug',
  summary: 'Throw what is no ZesterError',
  args: z.object({ name: z.string().meta({ primary: true }).describe('Its name') }),
  check: async (): Promise<Record<string, never>> => {
    throw new TypeError('undefined is not a function');
  },
  apply: async () => undefined,
  examples: [],
});

const secret = state({
  name: 'probe.secret',
  summary: 'Set a password',
  args: z.object({
    name: z.string().meta({ primary: true }).describe('Whose'),
    password: z.string().meta({ secret: true }).describe('The password'),
  }),
  check: async ({ password }) => ({ password: { from: undefined, to: password } }),
  apply: async (_changes, { password }) => ({ stdout: `password set to ${password}` }),
  revert: async () => undefined,
  examples: [],
});

const probes = [wait, needs, throws, secret];

export const withProbes: Registry = {
  ...registry,
  states: new Map([...registry.states, ...probes.map((each): [string, typeof each] => [each.name, each])]),
};
