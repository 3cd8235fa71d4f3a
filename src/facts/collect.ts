import { asError, type ZesterError } from '#base/errors.ts';
import { isMap } from '#kit/data-lookup.ts';
import type { FactDefinition } from '#kit/fact.ts';
import type { Machine } from '#machine/machine.ts';
import { facts as registry } from './registry.ts';

export type Facts = Readonly<Record<string, unknown>>;

export interface Collected {
  readonly facts: Facts;
  /** Collectors that failed, and why: the others' facts are there all the same. */
  readonly notes: readonly { readonly fact: string; readonly error: ZesterError }[];
}

/**
 * Facts of the kinds asked for. Collectors that share a key (`os` and its uptime) are merged; what an administrator
 * wrote takes the place of a built-in fact of the same name.
 */
export async function collectFacts(
  machine: Machine,
  kinds: readonly FactDefinition['kind'][] = ['identity', 'volatile'],
  collectors: readonly FactDefinition[] = registry,
): Promise<Collected> {
  const wanted = collectors.filter(({ kind }) => kinds.includes(kind));
  const results = await Promise.all(wanted.map((collector) => attempt(collector, machine)));
  const builtIn: Record<string, unknown> = {};
  const written: Record<string, unknown> = {};
  for (const { fact, values } of results) {
    if (fact === 'custom') Object.assign(written, values);
    else for (const [key, value] of Object.entries(values)) builtIn[key] = merged(builtIn[key], value);
  }
  return {
    facts: { ...builtIn, ...written },
    notes: results.flatMap(({ fact, error }) => (error === undefined ? [] : [{ fact, error }])),
  };
}

interface Attempt {
  readonly fact: string;
  readonly values: Facts;
  readonly error?: ZesterError;
}

async function attempt({ name, read }: FactDefinition, machine: Machine): Promise<Attempt> {
  try {
    return { fact: name, values: await read(machine) };
  } catch (thrown) {
    return { fact: name, values: {}, error: asError(thrown) };
  }
}

function merged(before: unknown, value: unknown): unknown {
  return isMap(before) && isMap(value) ? { ...before, ...value } : value;
}
