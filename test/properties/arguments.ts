import type * as z from 'zod';
import { type Arguments, argumentMeta } from '#kit/arguments.ts';
import { chance, many, pick, type Random } from './random.ts';

/** Words that some arguments are likely to mean something by; a name that is not here takes any of `words`. */
export type Pools = Readonly<Record<string, readonly [unknown, ...unknown[]]>>;

export interface ArgumentOptions {
  readonly pools: Pools;
  /** Arguments that are written also where they need not be. */
  readonly always?: readonly string[];
  /** Percent of the arguments that are of a wrong type. */
  readonly wrong?: number;
}

const words = ['web', 'a b', 'ä', '', '0', 'deploy', '/srv/a', 'x=1'] as const;

/** Arguments that a schema may take: the required ones, and some of the others. Right types, and now and then a wrong one. */
export function randomArguments(
  schema: Arguments,
  random: Random,
  { pools, always = [], wrong = 0 }: ArgumentOptions,
): Readonly<Record<string, unknown>> {
  const written = Object.entries(schema.shape).flatMap(([key, field]) => {
    const isRequired = !field.safeParse(undefined).success || argumentMeta(field).primary || always.includes(key);
    if (!isRequired && !chance(random, 1, 4)) return [];
    if (chance(random, wrong, 100))
      return [[key, pick<unknown>(random, [5, true, ['x'], { a: 1 }, null, 'odd'])] as const];
    return [[key, key in pools ? pick(random, pools[key] ?? words) : randomValue(field, random)] as const];
  });
  return Object.fromEntries(written);
}

function randomValue(schema: z.core.$ZodType, random: Random): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ('innerType' in def) return randomValue(def.innerType, random);
  switch (def.type) {
    case 'boolean':
      return chance(random, 1, 2);
    case 'number':
      return random(2_000);
    case 'enum':
      return pick(random, Object.values(def.entries) as [string, ...string[]]);
    case 'array':
      return many(random, 3, () => randomValue(def.element, random));
    case 'record':
      return Object.fromEntries(many(random, 2, () => [pick(random, words), randomValue(def.valueType, random)]));
    case 'union':
      return randomValue(pick(random, def.options as [z.core.$ZodType, ...z.core.$ZodType[]]), random);
    case 'pipe':
      return randomValue(def.in, random);
    default:
      return pick(random, words);
  }
}
