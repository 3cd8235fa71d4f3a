import { contextOn, type World } from '#kit/check-example.ts';
import type { Context } from '#kit/context.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { match, parse, type TargetType } from '#target/index.ts';

/** The machine that an example starts from, with all that a peel gives to a module. */
export function exampleWorld(given: Given | undefined): World {
  const machine = fakeMachine(given);
  const subject = { id: 'web-01', facts: given?.facts ?? {}, settings: given?.settings ?? {} };
  const matches: Context['matches'] = (target, kind, { delimiter = ':' } = {}) =>
    match(parse(target, { dialect: 'salt', type: kind as TargetType, delimiter }), subject);
  return { context: contextOn(machine, { given, registry, matches }), snapshot: () => machine.snapshot() };
}
