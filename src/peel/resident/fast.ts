import { type Data, dataReads } from '#kit/data-lookup.ts';

/** What the resident functions may look at. */
export interface Resident {
  readonly version: string;
  readonly facts: Data;
  readonly grains: Data;
  readonly settings: Data;
}

interface Call {
  readonly id?: string | undefined;
  readonly args: Data;
}

/** What only the runner can answer: whatever would have to be decoded, or refused. */
export const unanswered = Symbol('unanswered');

type Answer = (call: Call, resident: Resident) => unknown;

/**
 * Reads that need nothing but what the resident process holds: they are answered at once, whatever else runs. Each has
 * its description and its schema in `modules/`, under the same name; only what is asked in the plainest way is answered
 * here, and `unanswered` otherwise.
 */
export const fast: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['test.ping', (call) => (takesNothing(call) ? true : unanswered)],
  ['test.version', (call, { version }) => (takesNothing(call) ? version : unanswered)],
  ...readsOf('facts', ({ facts }) => facts),
  ...readsOf('grains', ({ grains, facts }) => ({ ...facts, ...grains })),
  ...readsOf('settings', ({ settings }) => settings),
  ...readsOf('pillar', ({ settings }) => settings),
]);

function readsOf(module: string, dataOf: (resident: Resident) => Data): [string, Answer][] {
  const reads: Readonly<Record<string, (data: Data, call: Call) => unknown>> = {
    get(data, call) {
      const given = named(call, 'key', ['default', 'merge', 'delimiter']);
      const { key = '', default: fallback, merge = false, delimiter = ':' } = given;
      return isText(key) && isText(delimiter) && typeof merge === 'boolean'
        ? dataReads.get(data, { key, default: fallback, merge, delimiter })
        : unanswered;
    },
    items: (data, call) => (takesNothing(call) ? dataReads.items(data) : unanswered),
    keys(data, call) {
      const { key = '', delimiter = ':' } = named(call, 'key', ['delimiter']);
      return isText(key) && isText(delimiter) ? dataReads.keys(data, { key, delimiter }) : unanswered;
    },
    item(data, call) {
      const { keys, delimiter = ':' } = named(call, 'keys', ['delimiter']);
      const list = isText(keys) ? [keys] : keys;
      return isTexts(list) && isText(delimiter) ? dataReads.item(data, { keys: list, delimiter }) : unanswered;
    },
    has_value(data, call) {
      const { key, delimiter = ':' } = named(call, 'key', ['delimiter']);
      return isText(key) && isText(delimiter) ? dataReads.hasValue(data, { key, delimiter }) : unanswered;
    },
  };
  return Object.entries(reads).map(([name, read]) => [
    `${module}.${name}`,
    (call, resident) => read(dataOf(resident), call),
  ]);
}

/** The arguments by name, the bare one as the primary; one that is not known here leaves nothing to be answered. */
function named({ id, args }: Call, primary: string, others: readonly string[]): Data {
  const isKnown = Object.keys(args).every((key) => (key === primary && id === undefined) || others.includes(key));
  if (!isKnown) return { [primary]: unanswered };
  return id === undefined ? args : { ...args, [primary]: id };
}

function takesNothing({ id, args }: Call): boolean {
  return id === undefined && Object.keys(args).length === 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
