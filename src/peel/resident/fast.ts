import { ZesterError } from '#base/errors.ts';

/** What the resident functions may look at. */
export interface Resident {
  readonly version: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly grains: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly id?: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
}

type Fast = (call: Call, resident: Resident) => unknown;

/**
 * Reads that need nothing but what the resident process holds: they answer at once, whatever else runs.
 * Each has its full description in `modules/`, under the same name.
 */
export const fast: ReadonlyMap<string, Fast> = new Map<string, Fast>([
  ['test.ping', () => true],
  ['test.version', (_, { version }) => version],
  ...lookups('facts', ({ facts }) => facts),
  ...lookups('grains', ({ grains, facts }) => ({ ...facts, ...grains })),
  ...lookups('settings', ({ settings }) => settings),
  ...lookups('pillar', ({ settings }) => settings),
]);

function lookups(module: string, data: (resident: Resident) => Readonly<Record<string, unknown>>): [string, Fast][] {
  const get: Fast = (call, resident) => {
    const { key, fallback } = lookup(module, call);
    return find(data(resident), key) ?? fallback;
  };
  return [
    [`${module}.get`, get],
    [`${module}.item`, get],
    [`${module}.items`, (_, resident) => data(resident)],
    [`${module}.keys`, (_, resident) => Object.keys(data(resident)).sort()],
  ];
}

function lookup(module: string, { id, args }: Call): { key: string; fallback: unknown } {
  const key = args.key ?? args.name ?? id;
  if (typeof key === 'string' && key !== '') return { key, fallback: args.default ?? '' };
  throw new ZesterError('usage', 'KEY_MISSING', `Cannot run "${module}.get": no key is given`, {
    hint: `Name one, such as: ${module}.get os.family; "${module}.keys" lists them`,
  });
}

/** A path with dots or colons through maps and lists; a key that holds the separator itself wins. */
function find(data: unknown, path: string): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  const record = data as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(record, path)) return record[path];
  for (const [index, letter] of [...path].entries()) {
    if (letter !== '.' && letter !== ':') continue;
    const head = path.slice(0, index);
    if (!Object.hasOwn(record, head)) continue;
    const found = find(record[head], path.slice(index + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
