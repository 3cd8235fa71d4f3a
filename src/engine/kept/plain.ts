/** True for what JSON carries without loss: no bigint, no map, no date, no undefined anywhere inside. */
export function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return isRecord(value) ? Object.values(value).every(isPlain) : isPlainScalar(value);
}

/** The same where a property that is undefined means no more than one that is left out, as JSON leaves it out. */
export function isNearlyPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isNearlyPlain);
  if (!isRecord(value)) return isPlainScalar(value);
  return Object.values(value).every((each) => each === undefined || isNearlyPlain(each));
}

function isPlainScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
