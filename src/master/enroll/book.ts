import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { Enrollment, type EnrollState } from '#wire/enroll.ts';
import type { EnrollmentStore, StoredChange } from './store.ts';

/** A join token as it is kept: never the token itself. */
export const TokenRecord = z.object({
  v: z.int(),
  id: z.string(),
  /** SHA-256 of the secret part, hex. */
  hash: z.string(),
  /** Glob of the peel ids it may approve. */
  peels: z.string(),
  usesLeft: z.int(),
  expiresAt: z.number(),
  createdBy: z.string(),
  createdAt: z.number(),
});
export type TokenRecord = z.output<typeof TokenRecord>;

/** Which enrolment a peel id belongs to: one key of the store, so that two masters cannot give it away twice. */
const Holder = z.object({ v: z.int(), enrollment: z.string() });

/**
 * All enrolments and join tokens, as the store has them. Reading is from memory; every change is a compare-and-set on
 * what the store has now, so that of two masters one wins and the other looks again.
 */
export interface Book extends Disposable {
  all(): readonly Enrollment[];
  find(id: string): Enrollment | undefined;
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
}

export const holding: ReadonlySet<EnrollState> = new Set(['approved', 'issued', 'active']);

const tries = 20;

export async function openBook(store: EnrollmentStore, log: Log): Promise<Book> {
  const enrollments = new Map<string, Enrollment>();
  const tokens = new Map<string, TokenRecord>();
  const holders = new Map<string, string>();
  const revisions = new Map<string, number>();
  const listeners = new Set<(enrollment: Enrollment) => void>();

  const take = ({ key, value, revision }: StoredChange) => {
    if (revision <= (revisions.get(key) ?? -1)) return;
    revisions.set(key, revision);
    try {
      if (key.startsWith('enr-')) {
        const enrollment = value && decodeAs(Enrollment, value, key);
        if (enrollment === undefined) enrollments.delete(key);
        else enrollments.set(key, enrollment);
        for (const listener of enrollment ? listeners : []) listener(enrollment as Enrollment);
      } else if (key.startsWith('tok-')) {
        if (value === undefined) tokens.delete(key);
        else tokens.set(key, decodeAs(TokenRecord, value, key));
      } else if (key.startsWith('peel-') && value !== undefined) {
        holders.set(key, decodeAs(Holder, value, key).enrollment);
      }
    } catch (error) {
      log.warn('Enrolment record not understood', { key, error });
    }
  };
  let watching = await store.watch(take);

  const create = async (key: string, value: Uint8Array) => {
    const revision = await store.create(key, value);
    if (revision !== undefined) take({ key, value, revision });
    return revision !== undefined;
  };
  const update = async (key: string, value: Uint8Array, from: number) => {
    const revision = await store.update(key, value, from);
    if (revision !== undefined) take({ key, value, revision });
    return revision !== undefined;
  };
  const remove = async (key: string) => {
    await store.delete(key);
    enrollments.delete(key);
    tokens.delete(key);
  };

  const book: Book = {
    all: () => [...enrollments.values()],
    find: (id) => enrollments.get(id),
    holder(peel) {
      const enrollment = enrollments.get(holders.get(`peel-${peel}`) ?? '');
      return enrollment !== undefined && holding.has(enrollment.state) ? enrollment : undefined;
    },
    async add(enrollment) {
      await create(enrollment.id, encode(enrollment));
    },
    async change(id, make) {
      for (let attempt = 0; attempt < tries; attempt++) {
        const stored = id.startsWith('enr-') ? await store.get(id) : undefined;
        if (stored === undefined) throw unknown(id);
        const next = make(decodeAs(Enrollment, stored.value, id));
        if (await update(id, encode(next), stored.revision)) return next;
      }
      throw contended(id);
    },
    async claim(peel, id) {
      const [key, value] = [`peel-${peel}`, encode({ v: 1, enrollment: id })];
      for (let attempt = 0; attempt < tries; attempt++) {
        if (await create(key, value)) return;
        const stored = await store.get(key);
        if (stored === undefined) continue;
        const { enrollment: other } = decodeAs(Holder, stored.value, key);
        if (other === id) return;
        const record = await store.get(other);
        if (record !== undefined && holding.has(decodeAs(Enrollment, record.value, other).state))
          throw taken(peel, other);
        if (await update(key, value, stored.revision)) return;
      }
      throw contended(key);
    },
    remove,
    token: (id) => tokens.get(id),
    tokens: () => [...tokens.values()],
    async addToken(token) {
      await create(token.id, encode(token));
    },
    async changeToken(id, make) {
      for (let attempt = 0; attempt < tries; attempt++) {
        const stored = id.startsWith('tok-') ? await store.get(id) : undefined;
        if (stored === undefined) return false;
        const next = make(decodeAs(TokenRecord, stored.value, id));
        if (next === undefined) {
          await remove(id);
          return true;
        }
        if (await update(id, encode(next), stored.revision)) return true;
      }
      throw contended(id);
    },
    async restore() {
      // It counts from one again, and what followed the old one hears no more.
      watching[Symbol.dispose]();
      revisions.clear();
      const records: readonly (readonly [string, unknown])[] = [
        ...enrollments,
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
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  };
  return book;
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

function contended(key: string): ZesterError {
  return new ZesterError('unreachable', 'ENROLL_CONTENDED', `Cannot change "${key}": others keep changing it`, {
    hint: 'Try again',
  });
}
