import type { Given } from '#machine/given.ts';
import type { Machine } from '#machine/machine.ts';

export interface FactDefinition {
  /** Top-level keys it gives; `os` or several. */
  readonly name: string;
  readonly summary: string;
  readonly returns: string;
  /** `identity` facts are published when they change; `volatile` ones are kept apart, at an interval. */
  readonly kind: 'identity' | 'volatile';
  read(machine: Machine): Promise<Readonly<Record<string, unknown>>>;
  readonly examples: readonly {
    readonly title: string;
    readonly given: Given;
    readonly expect: Readonly<Record<string, unknown>>;
  }[];
}

/** A collector of facts. One that fails leaves a note and costs nothing else. */
export function fact(definition: FactDefinition): FactDefinition {
  return definition;
}
