import { ZesterError } from '#base/errors.ts';
import type { FactTarget, Target } from './syntax.ts';

/** Every test of facts in a target, those of its nodegroups too; settings are no facts. */
export function* factsOf(target: Target): Generator<FactTarget> {
  switch (target.kind) {
    case 'fact':
      if (target.of === 'facts') yield target;
      return;
    case 'and':
    case 'or':
      for (const item of target.items) yield* factsOf(item);
      return;
    case 'not':
      return yield* factsOf(target.item);
    case 'group':
      return yield* factsOf(target.target);
  }
}

/** The fact that a test names, as far as it is none of the paths; undefined where a wildcard may mean any. */
export function unknownPath({ text, valueAt, delimiter }: FactTarget, paths: ReadonlySet<string>): string | undefined {
  const keys = (valueAt === undefined ? text : text.slice(0, valueAt)).split(delimiter);
  // Where the path ends and the value begins only the data tells: the last word is a value unless a comparison follows.
  const atMost = valueAt === undefined ? Math.max(1, keys.length - 1) : keys.length;
  for (let length = 1; length <= atMost; length++) {
    const path = keys.slice(0, length).filter(Boolean).join('.');
    if (/[*?[\]]/.test(path)) return undefined;
    if (!paths.has(path)) return path;
  }
  return undefined;
}

export function factUnknown(path: string, near: string): ZesterError {
  return new ZesterError('usage', 'TARGET_FACT_UNKNOWN', `Cannot choose peels by the fact "${path}": no peel has it`, {
    hint: `Did you mean "${near}"?`,
  });
}
