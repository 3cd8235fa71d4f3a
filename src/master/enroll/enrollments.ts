import { isError, ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { systemClock } from '#base/time.ts';
import { type BadRecords, createBadRecords } from '#bus/bad-records.ts';
import type { KvBucket, StoredChange, StoredValue } from '#bus/bucket.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import type { Enrollment, EnrollState } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import { asRevoked, Holder, lastReadable, readEnrollment, readRecord, TokenRecord } from './records.ts';
import { createRoll, type Roll } from './roll.ts';

/**
 * All enrolments and join tokens, as the store has them. Reading is from memory; every change is a compare-and-set on
 * what the store has now, so that of two masters one wins and the other looks again.
 */
export interface Enrollments extends Disposable, Pick<Roll, 'all' | 'find' | 'ofPeel' | 'pendingFrom'> {
  /** How many wait. */
  readonly pending: number;
  /** The one enrolment that holds a peel id, if it is approved, issued or active. */
  holder(peel: string): Enrollment | undefined;
  add(enrollment: Enrollment): Promise<void>;
  /** `make` may be called again with a newer record; what it throws is thrown. Throws `ENROLL_UNKNOWN`. */
  change(id: string, make: (current: Enrollment) => Enrollment): Promise<Enrollment>;
  /** Gives the peel id to this enrolment. Throws `ENROLL_ID_TAKEN` when another one holds it. */
  claim(peel: string, id: string): Promise<void>;
  remove(id: string): Promise<void>;
  token(id: string): TokenRecord | undefined;
  tokens(): readonly TokenRecord[];
  addToken(token: TokenRecord): Promise<void>;
  /** As `change`; undefined removes it. Resolves to false when there is no such token. */
  changeToken(id: string, make: (current: TokenRecord) => TokenRecord | undefined): Promise<boolean>;
  /** Writes all that is known again, into a store that has lost it. Gives the number of records. */
  restore(): Promise<number>;
  /** Called after every change, here or elsewhere. */
  onChange(heard: (enrollment: Enrollment) => void): Disposable;
  /** Enrolments whose records cannot be read, and of which nothing is known any more. */
  readonly lost: ReadonlySet<string>;
  /** Looks at everything again with `effective`: it may know more by now. */
  review(): void;
  /** Writes down what `effective` made of records, and what was made of unreadable ones. Rejects at the first that fails. */
  settle(): Promise<void>;
}

export interface EnrollmentsParts {
  readonly store: KvBucket;
  /** What a record is worth, by what is known beside the store: who is shut out for good stays so, whatever it says. */
  readonly effective?: (enrollment: Enrollment) => Enrollment;
  /** Where records that cannot be read are remembered. */
  readonly bad?: BadRecords | undefined;
  readonly log: Log;
}

export const holding: ReadonlySet<EnrollState> = new Set(['approved', 'issued', 'active']);

const tries = 20;

const { name: bucket } = buckets.enrollments;

export async function openEnrollments({
  store,
  effective = (each) => each,
  bad: given,
  log,
}: EnrollmentsParts): Promise<Enrollments> {
  const bad = given ?? createBadRecords({ clock: systemClock, log });
  const roll = createRoll();
  const tokens = new Map<string, TokenRecord>();
  const holders = new Map<string, string>();
  const revisions = new Map<string, number>();
  const listeners = new Set<(enrollment: Enrollment) => void>();
  /** Ids whose record in the store says something else than the roll. */
  const unsettled = new Set<string>();
  const lost = new Set<string>();
  const recovering = new Set<Promise<void>>();

  const put = (enrollment: Enrollment, { settled }: { settled: boolean }) => {
    const current = effective(enrollment);
    if (settled && current === enrollment) unsettled.delete(enrollment.id);
    else unsettled.add(enrollment.id);
    lost.delete(enrollment.id);
    roll.put(current);
    for (const listener of listeners) {
      // One that fails is no reason to take the record for a bad one.
      try {
        listener(current);
      } catch (error) {
        log.error('Enrolment not told', { enrollment: current.id, error });
      }
    }
  };
  const recover = async ({ key, at, revision }: StoredChange) => {
    const known = roll.find(key) ?? lastReadable(await store.history(key), key);
    // Somebody put it right meanwhile.
    if (revisions.get(key) !== revision) return;
    if (known === undefined) {
      bad.add({ bucket, key, reason: 'it cannot be read', instead: 'nothing is known of it' });
      lost.add(key);
      log.error('Enrolment record not readable, and nothing is known of it', { key });
      return;
    }
    log.error('Enrolment record not readable: it counts as revoked', { key, peel_id: known.peel });
    bad.add({ bucket, key, reason: 'it cannot be read', instead: 'it counts as revoked' });
    put(asRevoked(known, at), { settled: false });
  };
  const takeEnrollment = (change: StoredChange) => {
    const { key, value } = change;
    if (value === undefined) {
      roll.drop(key);
      lost.delete(key);
      unsettled.delete(key);
      bad.clear(bucket, key);
      return;
    }
    const enrollment = readEnrollment(value, key);
    if (enrollment !== undefined) {
      bad.clear(bucket, key);
      return put(enrollment, { settled: true });
    }
    const recovery = recover(change)
      .catch((error) => {
        lost.add(key);
        log.error('Enrolment record not readable, nor what it was before', { key, error });
      })
      .finally(() => recovering.delete(recovery));
    recovering.add(recovery);
  };
  const take = (change: StoredChange) => {
    const { key, value, revision } = change;
    if (revision <= (revisions.get(key) ?? -1)) return;
    revisions.set(key, revision);
    try {
      if (key.startsWith('enr-')) takeEnrollment(change);
      else if (key.startsWith('tok-')) {
        tokens.delete(key);
        if (value !== undefined) tokens.set(key, decodeAs(TokenRecord, value, key));
      } else if (key.startsWith('peel-')) {
        holders.delete(key);
        if (value !== undefined) holders.set(key, decodeAs(Holder, value, key).enrollment);
      } else if (value !== undefined) throw stray();
      if (!key.startsWith('enr-')) bad.clear(bucket, key);
    } catch (error) {
      // A token that cannot be read lets nobody in; who holds a peel id is seen from the enrolments.
      bad.add({ bucket, key, reason: (error as Error).message, instead: 'it counts as gone' });
    }
  };
  let watching = await store.watch(take);
  await Promise.all(recovering);

  const written = (key: string, value: Uint8Array, revision: number | undefined) => {
    if (revision !== undefined) take({ key, value, revision, at: Date.now() });
    return revision !== undefined;
  };
  const create = async (key: string, value: Uint8Array) => written(key, value, await store.create(key, value));
  const update = async (key: string, value: Uint8Array, from: number) =>
    written(key, value, await store.update(key, value, from));
  const remove = async (key: string) => {
    await store.delete(key);
    roll.drop(key);
    tokens.delete(key);
  };
  /** What is stored under an id, as it counts. Throws `ENROLL_UNKNOWN`, `ENROLL_UNREADABLE`. */
  const stored = async (id: string): Promise<{ readonly current: Enrollment; readonly revision: number }> => {
    const found: StoredValue | undefined = id.startsWith('enr-') ? await store.get(id) : undefined;
    if (found === undefined) throw unknown(id);
    const enrollment = readEnrollment(found.value, id);
    if (enrollment !== undefined) return { current: effective(enrollment), revision: found.revision };
    const known = roll.find(id);
    if (known !== undefined) return { current: known, revision: found.revision };
    throw new ZesterError('machine', 'ENROLL_UNREADABLE', `Cannot read the enrolment "${id}": its record is damaged`);
  };
  /** What memory has is tried first: a change of thousands then costs one question each. */
  const remembered = (id: string) => {
    const [current, revision] = [roll.find(id), revisions.get(id)];
    return current === undefined || revision === undefined ? undefined : { current, revision };
  };
  /** Who has the id by what is stored, when its own key does not tell. */
  const holdingOne = (peel: string, except?: string) =>
    roll.ofPeel(peel).find(({ id, state }) => holding.has(state) && id !== except);

  const holds = async (id: string) => {
    const record = await store.get(id);
    if (record === undefined) return false;
    const enrollment = readEnrollment(record.value, id) ?? roll.find(id);
    return enrollment !== undefined && holding.has(effective(enrollment).state);
  };

  const enrollments: Enrollments = {
    all: roll.all,
    find: roll.find,
    ofPeel: roll.ofPeel,
    pendingFrom: roll.pendingFrom,
    get pending() {
      return roll.pending;
    },
    lost,
    holder(peel) {
      const holder = holders.get(`peel-${peel}`);
      const enrollment = holder === undefined ? holdingOne(peel) : roll.find(holder);
      return enrollment !== undefined && holding.has(enrollment.state) ? enrollment : undefined;
    },
    async add(enrollment) {
      // It counts while it is being written: of many who come at once, none slips past the quota.
      roll.put(enrollment);
      try {
        await create(enrollment.id, encode(enrollment));
      } catch (error) {
        if (!revisions.has(enrollment.id)) roll.drop(enrollment.id);
        throw error;
      }
    },
    async change(id, make) {
      for (let attempt = 0; attempt < tries; attempt++) {
        const known = attempt === 0 ? remembered(id) : undefined;
        const { current, revision } = known ?? (await stored(id));
        const next = make(current);
        if (await update(id, encode(next), revision)) return next;
      }
      throw contended();
    },
    async claim(peel, id) {
      const [key, value] = [`peel-${peel}`, encode({ v: 1, enrollment: id })];
      for (let attempt = 0; attempt < tries; attempt++) {
        if (await create(key, value)) return;
        const found = await store.get(key);
        if (found === undefined) continue;
        const other = readRecord(Holder, found.value, key)?.enrollment ?? holdingOne(peel, id)?.id;
        if (other === id) return;
        if (other !== undefined && (await holds(other))) throw taken(peel, other);
        if (await update(key, value, found.revision)) return;
      }
      throw contended();
    },
    remove,
    token: (id) => tokens.get(id),
    tokens: () => [...tokens.values()],
    async addToken(token) {
      await create(token.id, encode(token));
    },
    async changeToken(id, make) {
      for (let attempt = 0; attempt < tries; attempt++) {
        const found = id.startsWith('tok-') ? await store.get(id) : undefined;
        if (found === undefined) return false;
        const current = readRecord(TokenRecord, found.value, id);
        const next = current && make(current);
        if (next === undefined) {
          // A token that cannot be read lets nobody in: it may as well go.
          await remove(id);
          return true;
        }
        if (await update(id, encode(next), found.revision)) return true;
      }
      throw contended();
    },
    async restore() {
      // It counts from one again, and what followed the old one hears no more.
      watching[Symbol.dispose]();
      revisions.clear();
      const records: readonly (readonly [string, unknown])[] = [
        ...roll.all().map((each) => [each.id, each] as const),
        ...tokens,
        ...[...holders].map(([key, enrollment]) => [key, { v: 1, enrollment }] as const),
      ];
      for (const [key, record] of records) await store.create(key, encode(record));
      watching = await store.watch(take);
      return records.length;
    },
    onChange(heard) {
      listeners.add(heard);
      return { [Symbol.dispose]: () => void listeners.delete(heard) };
    },
    review() {
      for (const each of roll.all()) if (effective(each) !== each) put(each, { settled: false });
    },
    async settle() {
      for (const id of [...unsettled]) {
        await enrollments.change(id, effective).catch((error) => {
          // Of a store that was wiped: what counts is kept elsewhere, and there is nothing left to correct.
          if (!isError(error, 'ENROLL_UNKNOWN')) throw error;
          unsettled.delete(id);
        });
      }
    },
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  };

  return enrollments;
}

function stray(): ZesterError {
  return new ZesterError('machine', 'RECORD_STRAY', 'Cannot use the record: nothing has such a key');
}

export function taken(peel: string, by: string): ZesterError {
  const name = toHuman(peel);
  return new ZesterError('denied', 'ENROLL_ID_TAKEN', `Cannot enrol "${name}": another key holds this id (${by})`, {
    hint: `If the machine was set up anew, run "zester enroll revoke --peel ${name}" first; else give it another id`,
  });
}

export function unknown(id: string): ZesterError {
  return new ZesterError('usage', 'ENROLL_UNKNOWN', `Cannot find the enrolment "${id}": there is none`, {
    hint: 'Copy its id from "zester enroll list"',
  });
}

function contended(): ZesterError {
  return new ZesterError('unreachable', 'ENROLL_CONTENDED', 'Cannot change the enrolment: others keep changing it', {
    hint: 'Try again',
  });
}
