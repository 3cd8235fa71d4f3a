import type { Argument } from '#engine/document.ts';
import { type Node, wordOf } from '#engine/node.ts';
import type { CompiledStep } from '#engine/step.ts';
import { refOf } from '../compile/tree.ts';
import { unknownText } from '../compile/unknown.ts';
import type { Machine, Survey } from '../survey.ts';

export interface PlacedStep {
  readonly step: CompiledStep;
  readonly machine: Machine;
}

/** Every state of every file, once for each machine that comes by the file. */
export function* stepsOf({ machines }: Survey): Generator<PlacedStep> {
  for (const machine of machines) {
    for (const compiled of machine.single) {
      for (const step of compiled.graph.steps) if (step.ref === refOf(compiled)) yield { step, machine };
    }
  }
}

/** The arguments as the state takes them, unless something keeps it from being built. */
export function wantedBy({ work }: CompiledStep): Readonly<Record<string, unknown>> {
  return work.kind === 'ready' ? work.built.wanted : {};
}

export function argumentOf({ draft }: CompiledStep, ...keys: readonly string[]): Argument | undefined {
  return keys.map((key) => draft.args.get(key)).find((argument) => argument !== undefined);
}

/** Whether a part of a document came from something unknown. */
export function isUnknown(node: Node): boolean {
  if (node.kind === 'list') return node.items.some(isUnknown);
  if (node.kind === 'map') return node.entries.some(({ key, value }) => isUnknown(key) || isUnknown(value));
  return wordOf(node)?.includes(unknownText) ?? false;
}
