import type { Document, Entry } from '../document.ts';
import { flatten, inLoadOrder, type Loaded } from '../gather.ts';
import type { Problems } from '../problems.ts';

/** Every id of a run with its states, in the order ids are looked at. */
export type High = ReadonlyMap<string, Entry>;

const firstAutoOrder = 10_000;

export interface MergeOptions {
  readonly problems: Problems;
  /** False leaves states without an `order` without a number: they then sort by name. */
  readonly autoOrder: boolean;
}

/**
 * Ids of all documents in one map. A state without an `order` gets the next number in load order, so that included
 * states come before those of the file that includes them.
 */
export function merge(loaded: readonly Loaded[], { problems, autoOrder }: MergeOptions): High {
  const numbered = numberStates(inLoadOrder(loaded), autoOrder);
  const high = new Map<string, Entry>();
  for (const document of flatten(loaded)) {
    for (const entry of numbered.get(document) ?? []) {
      const earlier = high.get(entry.id);
      if (earlier) reportConflict(earlier, entry, problems);
      else high.set(entry.id, entry);
    }
  }
  return high;
}

function numberStates(documents: readonly Document[], autoOrder: boolean): ReadonlyMap<Document, readonly Entry[]> {
  let next = firstAutoOrder;
  const numbered = new Map<Document, readonly Entry[]>();
  for (const document of documents) {
    const entries = document.entries.map((entry) => ({
      ...entry,
      declarations: entry.declarations.map((each) =>
        !autoOrder || each.args.has('order') ? each : { ...each, autoOrder: next++ },
      ),
    }));
    numbered.set(document, entries);
  }
  return numbered;
}

function reportConflict(earlier: Entry, later: Entry, problems: Problems) {
  const [a, b] = [earlier.source, later.source];
  problems.add(
    'ID_CONFLICT',
    `Detected conflicting IDs, SLS IDs need to be globally unique.\n    The conflicting ID is '${later.id}' and is found in SLS '${a.env}:${a.ref}' and SLS '${b.env}:${b.ref}'`,
    {
      at: later.at,
      hint: `Give one of them another id, or write it below "extend" (the other is at ${earlier.at.file}:${earlier.at.line}:${earlier.at.column})`,
    },
  );
}

/** The states of an id that a requisite means by `module` or, in a `.zy` file, by `module.function`. */
export function declarationsOf(entry: Entry | undefined, module: string, functionName?: string): Entry['declarations'] {
  return (entry?.declarations ?? []).filter(
    (each) =>
      each.module === module &&
      (functionName === undefined || each.functions.some(({ name }) => name === functionName)),
  );
}

/** Ids whose state of this module has that `name`, or the id itself when it has such a state. */
export function findByName(high: High, name: string, module: string, functionName?: string): readonly Entry[] {
  const own = high.get(name);
  if (own && declarationsOf(own, module, functionName).length > 0) return [own];
  return [...high.values()].filter((entry) =>
    declarationsOf(entry, module, functionName).some((each) => {
      const own = each.args.get('name')?.value;
      return own?.kind === 'scalar' && own.value === name;
    }),
  );
}
