/** Plain data's map when not all of its keys are texts: `{80: http}`. As JSON it has its keys as texts, as everywhere. */
export class MixedMap extends Map<unknown, unknown> {
  toJSON(): Readonly<Record<string, unknown>> {
    return textKeyed(this);
  }
}

/** The same with every key as text. */
export function textKeyed(map: ReadonlyMap<unknown, unknown>): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...map].map(([key, value]) => [keyText(key), value]));
}

/** As Python's `json.dumps` writes it. */
function keyText(key: unknown): string {
  return key === null ? 'null' : String(key);
}
