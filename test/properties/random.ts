/** A number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

/** Small and seeded: what fails under a seed can be run again. */
export function randomFrom(seed: number): Random {
  let value = seed * 2_654_435_761 + 1;
  return (below) => {
    value = Math.imul(value ^ (value >>> 15), 2_246_822_519) >>> 0;
    value = (value + 0x9e3779b9) >>> 0;
    return (value >>> 8) % below;
  };
}

export function pick<T>(random: Random, [first, ...others]: readonly [T, ...T[]]): T {
  const index = random(others.length + 1);
  return index === 0 ? first : (others[index - 1] as T);
}

/** True `times` out of `outOf`. */
export function chance(random: Random, times: number, outOf: number): boolean {
  return random(outOf) < times;
}

export function many<T>(random: Random, most: number, make: () => T): readonly T[] {
  return Array.from({ length: random(most + 1) }, make);
}

/** Seeds to try: a few for every day, `SEEDS=20000` for a long look. `SEED=7` is that one alone. */
export function seeds(usual: number): readonly number[] {
  const { SEED, SEEDS } = process.env;
  if (SEED !== undefined) return [Number(SEED)];
  return Array.from({ length: SEEDS === undefined ? usual : Number(SEEDS) }, (_, index) => index + 1);
}
