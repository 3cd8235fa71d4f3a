import { BlockList, isIP, isIPv6 } from 'node:net';
import { asError, ZesterError } from '#base/errors.ts';
import { networkOf } from '#base/http/network.ts';
import { isPeelId, type PeelId, toHuman, toWire } from '#base/ids.ts';
import type { EnrollDecision, EnrollDecisionReply, Enrollment } from '#wire/enroll.ts';
import { type Enrollments, unknown } from './enrollments.ts';
import { matchesGlob } from './tokens.ts';

/** How many one decision is about, and how many of them a reply names. What is left is asked for again. */
const batchSize = 2_000;
const namedSize = 50;
/** Records written at once: each waits for the store's disk. */
const width = 32;

/** Whether a decision is about all who wait, or some of them. Throws `ENROLL_CHOICE` unless it chooses in one way. */
export function choosesMany({ id, peel, allPending, peels, source }: EnrollDecision): boolean {
  const many = allPending === true || peels !== undefined || source !== undefined;
  if ([id, peel, many || undefined].filter((each) => each !== undefined).length === 1) return many;
  throw new ZesterError(
    'usage',
    'ENROLL_CHOICE',
    'Cannot decide: give exactly one of an enrolment id, a peel, and all pending (or some: a glob, a source)',
  );
}

/** The enrolment with this id, or those that wait for this peel id: at least one. Throws `ENROLL_UNKNOWN`. */
export function chooseOne(
  enrollments: Enrollments,
  { id, peel }: EnrollDecision,
): readonly [Enrollment, ...Enrollment[]] {
  const found = id === undefined ? pendingOf(enrollments, wireOf(peel ?? '')) : [enrollments.find(id)];
  const [first, ...more] = found.filter((each) => each !== undefined);
  if (first === undefined) throw unknown(id ?? peel ?? '');
  return [first, ...more];
}

export function pendingOf(enrollments: Enrollments, peel: string): readonly Enrollment[] {
  return enrollments.ofPeel(peel).filter(({ state }) => state === 'pending');
}

/**
 * Decides about those who wait, in the order of their ids, a batch at a time. About whom it fails is told; the others
 * are decided about all the same.
 */
export async function decideMany(
  enrollments: Enrollments,
  decision: EnrollDecision,
  verb: string,
  decide: (enrollment: Enrollment) => Promise<Enrollment>,
): Promise<EnrollDecisionReply> {
  const { after = '' } = decision;
  const isMeant = filterOf(decision);
  const waiting = enrollments.all().filter((each) => each.state === 'pending' && each.id > after && isMeant(each));
  const batch = waiting.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, batchSize);
  const decided: Enrollment[] = [];
  const left: string[] = [];
  const queue = [...batch];
  const work = async () => {
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
      try {
        decided.push(await decide(each));
      } catch (error) {
        left.push(`${toHuman(each.peel)} (${asError(error).message})`);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  const last = batch.at(-1)?.id;
  const more = decided.length - namedSize;
  return {
    enrollments: decided.slice(0, namedSize),
    ...(more > 0 ? { more } : {}),
    ...(waiting.length > batch.length && last !== undefined ? { next: last } : {}),
    ...(left.length === 0 ? {} : { warning: warningOf(left, verb) }),
  };
}

function warningOf(left: readonly string[], verb: string): string {
  const more = left.length - namedSize;
  return `Not ${verb}: ${left.slice(0, namedSize).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Throws `ENROLL_SOURCE_INVALID`. */
function filterOf({ peels, source }: EnrollDecision): (enrollment: Enrollment) => boolean {
  const isFrom = source === undefined ? () => true : sourceFilter(source);
  return (each) => (peels === undefined || matchesGlob(peels, toHuman(each.peel))) && isFrom(each.source ?? '');
}

/** An address means its whole network, as everywhere in enrolment; `10.0.0.0/8` means what it says. */
function sourceFilter(source: string): (address: string) => boolean {
  const [address = '', prefix] = source.split('/');
  const bits = Number(prefix);
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const isRange = prefix !== undefined && /^\d{1,3}$/.test(prefix) && bits <= (family === 'ipv6' ? 128 : 32);
  if (isIP(address) === 0 || (prefix !== undefined && !isRange)) {
    throw new ZesterError(
      'usage',
      'ENROLL_SOURCE_INVALID',
      `Cannot choose by the source "${source}": it is no address or network`,
      {
        hint: 'Write it as "192.0.2.7", "192.0.2.0/24" or "2001:db8::/32"',
      },
    );
  }
  if (prefix === undefined) return (each) => networkOf(each) === networkOf(address);
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return (each) => {
    const plain = each.replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(plain) !== 0 && list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

/** Both forms are understood: `web-01.example.com` and `web-01_example_com`. */
export function wireOf(peel: string): PeelId {
  return isPeelId(peel) ? peel : toWire(peel);
}
