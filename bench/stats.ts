/** The value at a share of a sample: `percentile(times, 0.99)`. Between two values the nearer one to the end counts. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}

/** The middle of a sample; of an even one, the mean of its two middles. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}

export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** A sample in six numbers, to three digits behind the point: more would be noise. */
export function distribution(values: readonly number[]): Distribution {
  return {
    count: values.length,
    min: rounded(percentile(values, 0)),
    p50: rounded(median(values)),
    p90: rounded(percentile(values, 0.9)),
    p99: rounded(percentile(values, 0.99)),
    max: rounded(percentile(values, 1)),
  };
}

export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
