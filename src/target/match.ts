import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { compileGlob } from '#pattern/glob.ts';
import { addressesOf, compileNetwork } from './address.ts';
import { compileFactTest, type Tree } from './fact.ts';
import { compileRegex } from './regex.ts';
import type { Target } from './syntax.ts';

/** What a target is matched against: one peel. */
export interface Subject {
  /** In either form. */
  readonly id: string;
  readonly facts?: Tree | undefined;
  /** Salt's flat names and values for the same machine. */
  readonly grains?: Tree | undefined;
  /** Left out where they are not known, such as on a master. */
  readonly settings?: Tree | undefined;
}

export type Matcher = (subject: Subject) => boolean;

/** True when the target chooses the subject. For many subjects, `compile` once. */
export function match(target: Target, subject: Subject): boolean {
  return compile(target)(subject);
}

/** A target as a function. It throws `TARGET_SETTINGS_UNKNOWN` when it needs settings and the subject has none. */
export function compile(target: Target): Matcher {
  switch (target.kind) {
    case 'all':
      return () => true;
    case 'none':
      return () => false;
    case 'glob': {
      const glob = compileGlob(target.pattern, { caretNegates: true });
      return ({ id }) => glob.test(toHuman(id));
    }
    case 'list': {
      const ids = new Set(target.ids);
      return ({ id }) => ids.has(toHuman(id));
    }
    case 'regex': {
      const test = compileIdRegex(target.pattern);
      return ({ id }) => test(toHuman(id));
    }
    case 'fact': {
      const test = compileFactTest(target);
      const inTree = (tree: Tree | undefined) => tree !== undefined && test.matchesTree(tree, test.start, true);
      if (target.of === 'facts') return ({ facts, grains }) => inTree(facts) || inTree(grains);
      return ({ settings }) => {
        if (settings === undefined) throw settingsUnknown();
        return inTree(settings);
      };
    }
    case 'address': {
      const test = compileNetwork(target.network) ?? (() => false);
      return ({ facts, grains }) => test(addressesOf(facts ?? {}, grains));
    }
    case 'group':
      return compile(target.target);
    case 'not': {
      const inner = compile(target.item);
      return (subject) => !inner(subject);
    }
    case 'and': {
      const items = target.items.map(compile);
      return (subject) => items.every((item) => item(subject));
    }
    case 'or': {
      const items = target.items.map(compile);
      return (subject) => items.some((item) => item(subject));
    }
  }
}

/** Sees the dotted id; the wire's form as well when the pattern itself writes an underscore. */
export function compileIdRegex(pattern: string): (humanId: string) => boolean {
  const test = compileRegex(pattern) ?? (() => false);
  if (!pattern.includes('_')) return test;
  return (id) => test(id) || test(id.replaceAll('.', '_'));
}

export function settingsUnknown(): ZesterError {
  return new ZesterError('usage', 'TARGET_SETTINGS_UNKNOWN', 'Cannot match settings: they are known on the peel only', {
    hint: 'Target a fact with G@, or use I@ in a top file',
  });
}
